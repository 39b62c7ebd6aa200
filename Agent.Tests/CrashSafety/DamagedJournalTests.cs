using Agent.Bench.Peers;
using Agent.Host.Journal.Sqlite;
using Agent.Tests.Scenarios;
using Microsoft.Data.Sqlite;

namespace Agent.Tests.CrashSafety;

/// <summary>A journal that is not what the agent wrote: refused with a reason and left as it is, never taken for an empty one.</summary>
[Trait("Category", "Long")]
public sealed class DamagedJournalTests : IAsyncLifetime
{
    private const string Small = "small.journal.example.";
    private const string Large = "large.journal.example.";

    private readonly ScriptedMaster _master;
    private readonly AgentProcess _agent;

    public DamagedJournalTests()
    {
        ScriptedZones zones = new();
        foreach (ScriptedZone zone in CrashFarm.ZonesOfEachSize("journal.example."))
            zones.Set(zone);
        _master = new ScriptedMaster(zones.Answer);
        _agent = new AgentProcess($$"""
            backend-driver = embedded
            masters = ["{{_master.EndPoint}}"]
            """);
    }

    private string JournalPath => Path.Combine(_agent.DataFolder, "journal.db");

    public async Task InitializeAsync()
    {
        await _agent.StartAsync();
        await _agent.Worker.CreateAcceptedAsync(Small);
        await _agent.Worker.CreateAcceptedAsync(Large);
        Assert.Equal(0, await _agent.StopAsync());
    }

    public async Task DisposeAsync()
    {
        await _agent.DisposeAsync();
        await _master.DisposeAsync();
    }

    [Theory]
    [InlineData("empty", "damaged")]
    [InlineData("header zeroed", "damaged")]
    [InlineData("cut", "damaged")]
    [InlineData("last page cut", "damaged")]
    [InlineData("page overwritten", "damaged")]
    [InlineData("missing", "missing")]
    [InlineData("newer", "newer program")]
    public async Task Is_refused_and_left_as_it_is(string damage, string reason)
    {
        byte[] before = await File.ReadAllBytesAsync(JournalPath);
        await DamageAsync(damage, before);
        byte[]? damaged = File.Exists(JournalPath) ? await File.ReadAllBytesAsync(JournalPath) : null;
        string[] contents = Directory.GetFiles(Path.Combine(_agent.DataFolder, "contents"));

        await using ChildProcess process = await _agent.LaunchAsync();
        Assert.Equal(2, await process.Exited.WaitAsync(Eventually.Deadline));
        Assert.Contains(reason, process.Output, StringComparison.Ordinal);
        Assert.Contains(JournalPath, process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("ready ", process.Output, StringComparison.Ordinal);
        Assert.Equal(damaged, File.Exists(JournalPath) ? await File.ReadAllBytesAsync(JournalPath) : null);
        Assert.Equal(contents, Directory.GetFiles(Path.Combine(_agent.DataFolder, "contents")));

        await File.WriteAllBytesAsync(JournalPath, before);
        await _agent.StartAsync();
        await WorkerClient.ServedAsync(_agent.Dns, Small, 1, () => _agent.Output);
        await WorkerClient.ServedAsync(_agent.Dns, Large, 1, () => _agent.Output);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("cut")]
    [InlineData("one bit")]
    public async Task A_damaged_content_is_never_served_and_comes_anew_from_a_master(string damage)
    {
        string file = Assert.Single(Directory.GetFiles(Path.Combine(_agent.DataFolder, "contents")));
        byte[] bytes = await File.ReadAllBytesAsync(file);
        byte[] damaged = damage == "cut" ? bytes[..^1] : [.. bytes];
        // Inside the text of a record, where no structure would show it.
        damaged[^100] ^= 1;
        if (damage == "missing")
            File.Delete(file);
        else
            await File.WriteAllBytesAsync(file, damaged);

        await _agent.StartAsync();

        await WorkerClient.ServedAsync(_agent.Dns, Small, 1, () => _agent.Output);
        await WorkerClient.ServedAsync(_agent.Dns, Large, 1, () => _agent.Output);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(file));
    }

    private async Task DamageAsync(string damage, byte[] before)
    {
        int page = before.Length / 4096 / 2 * 4096;
        switch (damage)
        {
            case "missing":
                File.Delete(JournalPath);
                return;
            case "newer":
                SqliteLibrary.Initialize();
                await using (SqliteConnection connection = new($"Data Source={JournalPath};Pooling=False"))
                {
                    await connection.OpenAsync();
                    await using SqliteCommand command = connection.CreateCommand();
                    command.CommandText =
                        "INSERT INTO schema_version VALUES (1000, 0); INSERT OR REPLACE INTO meta VALUES ('oldest_reader', 1000)";
                    await command.ExecuteNonQueryAsync();
                }

                return;
            default:
                await File.WriteAllBytesAsync(JournalPath, damage switch
                {
                    "empty" => [],
                    "header zeroed" => [.. new byte[100], .. before.AsSpan(100)],
                    "cut" => before[..(before.Length / 2)],
                    "last page cut" => before[..^4096],
                    _ => [.. before.AsSpan(0, page), .. Enumerable.Repeat((byte)0x5a, 4096), .. before.AsSpan(page + 4096)],
                });
                return;
        }
    }
}
