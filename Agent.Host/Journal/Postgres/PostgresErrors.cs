using System.Net.Sockets;
using Npgsql;

namespace Agent.Host.Journal.Postgres;

/// <summary>What the failures of PostgreSQL mean for the journal.</summary>
internal static class PostgresErrors
{
    /// <summary>Connections, conflicts of transactions, too few resources, what an operator does, and errors of the system.</summary>
    private static readonly string[] PassingClasses = ["08", "40", "53", "57", "58"];

    /// <summary>
    /// Whether the server itself said that the transaction did not happen. Anything else (no answer, a cut connection, a server on its way
    /// down) leaves that open.
    /// </summary>
    public static bool IsDefinite(Exception exception) =>
        exception is PostgresException { InvariantSeverity: "ERROR" } postgres
        && !postgres.SqlState.StartsWith("08", StringComparison.Ordinal);

    /// <summary>
    /// Whether the transaction referred to a content that another node has dropped meanwhile, so that it is to be written again.
    /// </summary>
    public static bool IsGone(Exception exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation };

    /// <summary>Whether the server takes no writes, as a setting of its says or because it has become a standby: another one must be
    /// sought.</summary>
    public static bool IsReadOnly(Exception exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction };

    /// <summary>Whether the same may succeed later although nobody has changed rights or tables: the server is busy, full, read-only or on
    /// its way up or down, or another session is in the way.</summary>
    public static bool MayPass(PostgresException exception) =>
        exception.SqlState is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.LockNotAvailable
        || PassingClasses.Contains(exception.SqlState[..2]);

    /// <summary>Failures of server and network, as opposed to mistakes of ours.</summary>
    public static bool IsOutside(Exception exception) =>
        exception is NpgsqlException or IOException or SocketException or TimeoutException or UnauthorizedAccessException
        || (exception is InvalidOperationException && exception.Source == "Npgsql");

    /// <summary>A sentence part for the operator.</summary>
    public static string Text(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => "the server's disk is full",
        PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable } => "another session holds what the journal needs",
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } => "the server is read-only",
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword } => "the server does not accept the password",
        PostgresException postgres => $"{postgres.MessageText} (SQLSTATE {postgres.SqlState})",
        NpgsqlException { InnerException: TimeoutException } => "the server does not answer",
        NpgsqlException { InnerException: SocketException socket } => socket.Message,
        NpgsqlException { InnerException: { } inner } => $"{exception.Message.TrimEnd('.')}: {inner.Message}",
        _ => exception.Message,
    };
}
