using Agent.Actors.Reasons;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Agent.Host.Journal.Sqlite;

/// <summary>What the error codes of SQLite mean for the journal.</summary>
internal static class SqliteErrors
{
    /// <summary>Whether the file itself is broken, so that trying again is pointless.</summary>
    public static bool IsDamage(SqliteException exception) => exception.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;

    /// <summary>
    /// Whether the connection is used further. A full disk or a busy file leaves it whole; after other failures of the file a
    /// fresh one is opened.
    /// </summary>
    public static bool KeepsConnection(SqliteException exception) =>
        exception.SqliteErrorCode is raw.SQLITE_FULL or raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_CONSTRAINT or raw.SQLITE_TOOBIG;

    /// <summary>Whether a later start may find the journal well without anything being set otherwise.</summary>
    public static bool MayPass(Exception exception) => exception is SqliteException sqlite
        ? sqlite.SqliteErrorCode is raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_NOMEM
        : DiskTrouble.MayPass(exception);

    /// <summary>A sentence part for the operator, whatever went wrong.</summary>
    public static string Describe(Exception exception) => exception is SqliteException sqlite ? Text(sqlite) : exception.Message;

    /// <summary>What is told to those who asked.</summary>
    public static Reason Away(Exception exception) =>
        new(ReasonCode.JournalAway, $"The journal could not be used: {Describe(exception)}.");

    /// <summary>A sentence part for the operator.</summary>
    public static string Text(SqliteException exception) => exception.SqliteErrorCode switch
    {
        raw.SQLITE_FULL => "the disk is full, or the journal has reached its size limit",
        raw.SQLITE_READONLY => "the file or its directory cannot be written",
        raw.SQLITE_CANTOPEN => "the file cannot be opened",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => "another process holds the file",
        raw.SQLITE_IOERR when exception.SqliteExtendedErrorCode == raw.SQLITE_IOERR_SHMSIZE =>
            "the disk is full: there is no room for the index of the write-ahead log",
        raw.SQLITE_IOERR => $"the disk failed (SQLite error {exception.SqliteExtendedErrorCode})",
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => "the file is damaged",
        _ => exception.Message,
    };
}
