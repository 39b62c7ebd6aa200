using Agent.Bench.Peers;

namespace Agent.Tests.CrashSafety;

/// <summary>The journal of an agent in PostgreSQL, read beside the running agent.</summary>
internal sealed class JournalDatabase(PostgresServer server, string database)
{
    /// <summary>For the agent's configuration.</summary>
    public string Settings =>
        $$"""journal { provider = postgresql, connection-string = "{{server.ConnectionString(database)}}" }""";

    /// <summary>As for the journal in a file: empty when rows, contents and files fit together and these zones are all there is.</summary>
    public async Task<List<string>> FaultsAsync(AgentProcess agent, IEnumerable<string> zones)
    {
        List<string> faults = [];
        Compare(faults, "zones", zones, await ColumnAsync("SELECT name FROM agent.zones"));
        Compare(faults, "progress of nothing", [], await ColumnAsync(
            "SELECT DISTINCT encode(zone, 'hex') FROM agent.progress WHERE zone NOT IN (SELECT zone FROM agent.zones)"));
        Compare(faults, "contents of nothing", [], await ColumnAsync(
            "SELECT encode(hash, 'hex') FROM agent.contents c WHERE NOT EXISTS (SELECT 1 FROM agent.zones z WHERE z.content = c.hash)"));
        Compare(faults, "zones without content", [], await ColumnAsync("SELECT name FROM agent.zones WHERE content IS NULL"));
        Compare(
            faults,
            "content files",
            await ColumnAsync("SELECT encode(hash, 'hex') FROM agent.contents WHERE data IS NULL"),
            Directory.EnumerateFiles(Path.Combine(agent.DataFolder, "contents")).Select(file => Path.GetFileName(file).ToLowerInvariant()));
        faults.AddRange(Directory.EnumerateFiles(Path.Combine(agent.DataFolder, "spool")).Select(file => $"{file} is left"));
        return faults;
    }

    private async Task<string[]> ColumnAsync(string sql) =>
        (await server.SqlAsync(database, sql)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static void Compare(List<string> faults, string what, IEnumerable<string> expected, IEnumerable<string> found)
    {
        string[] wanted = [.. expected.Order(StringComparer.Ordinal)];
        string[] there = [.. found.Order(StringComparer.Ordinal)];
        if (!wanted.SequenceEqual(there, StringComparer.Ordinal))
            faults.Add($"{what}: [{string.Join(' ', there)}] and not [{string.Join(' ', wanted)}]");
    }
}
