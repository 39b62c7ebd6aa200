using System.Security.Cryptography;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Host.Journal.Sqlite;
using Microsoft.Data.Sqlite;

namespace Agent.Tests.CrashSafety;

/// <summary>The journal of an agent as it lies on the disk, read beside the running agent.</summary>
internal static class JournalFile
{
    /// <summary>
    /// What the journal and its folder hold too much or too little of, in words; empty when rows, contents and files fit together and
    /// these zones are all there is.
    /// </summary>
    public static List<string> Faults(AgentProcess agent, IEnumerable<string> zones)
    {
        SqliteLibrary.Initialize();
        using SqliteConnection connection = new($"Data Source={agent.DataFolder}/journal.db;Mode=ReadOnly;Pooling=False");
        connection.Open();
        List<string> faults = [];
        Compare(faults, "zones", zones, Column(connection, "SELECT name FROM zones"));
        Compare(faults, "zones in progress", zones, Column(connection, "SELECT DISTINCT zone FROM progress").Select(NameOf));
        Compare(faults, "contents of zones", [], Column(
            connection, "SELECT hex(hash) FROM contents WHERE hash NOT IN (SELECT content FROM zones WHERE content IS NOT NULL)"));
        Compare(faults, "contents missing", [], Column(
            connection, "SELECT name FROM zones WHERE content IS NULL OR content NOT IN (SELECT hash FROM contents)"));
        string folder = Path.Combine(agent.DataFolder, "contents");
        string[] files = [.. Directory.EnumerateFiles(folder)];
        Compare(
            faults,
            "content files",
            Column(connection, "SELECT lower(hex(hash)) FROM contents WHERE data IS NULL"),
            files.Select(file => Path.GetFileName(file).ToLowerInvariant()));
        faults.AddRange(files.Where(file => !IsWhole(file)).Select(file => $"{file} has another hash"));
        faults.AddRange(Directory.EnumerateFiles(Path.Combine(agent.DataFolder, "spool")).Select(file => $"{file} is left"));
        return faults;
    }

    private static void Compare(List<string> faults, string what, IEnumerable<string> expected, IEnumerable<string> found)
    {
        string[] wanted = [.. expected.Order(StringComparer.Ordinal)];
        string[] there = [.. found.Order(StringComparer.Ordinal)];
        if (!wanted.SequenceEqual(there, StringComparer.Ordinal))
            faults.Add($"{what}: [{string.Join(' ', there)}] and not [{string.Join(' ', wanted)}]");
    }

    private static bool IsWhole(string file)
    {
        string hash = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)));
        return hash.Equals(Path.GetFileName(file), StringComparison.OrdinalIgnoreCase);
    }

    private static string NameOf(string wireHex) =>
        DomainName.TryFromWire(Convert.FromHexString(wireHex), out DomainName? name) ? name.ToString() : wireHex;

    private static List<string> Column(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        using SqliteDataReader reader = command.ExecuteReader();
        List<string> values = [];
        while (reader.Read())
            values.Add(reader.GetValue(0) is byte[] bytes ? Convert.ToHexString(bytes) : reader.GetString(0));
        return values;
    }
}
