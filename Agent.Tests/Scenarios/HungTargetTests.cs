using Agent.Bench.Peers;
using Agent.Bench.Storm;

namespace Agent.Tests.Scenarios;

/// <summary>Two servers of one agent, of which one stands still while thousands of changes come.</summary>
[Trait("Category", "Peer")]
public sealed class HungTargetTests
{
    private const int ZoneCount = 70;
    private const uint LastSerial = 31;
    private const int Newcomers = 5;

    // bind9 takes more orders at once than these zones give it. What was under way, when the server stopped, is brought to its end.
    private const int UnderWayMax = ZoneCount;

    // A server that was away is tried again at growing distances, and a busy machine stretches them.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly string[] Changing = ["addzone", "modzone", "reload", "delzone", "freeze", "thaw"];

    [Fact]
    public async Task A_server_that_hangs_costs_the_other_nothing_and_is_brought_level_with_the_newest_alone()
    {
        string[] zones = [.. NotifyStorm.Zones(ZoneCount)];
        string[] late = [.. Enumerable.Range(0, Newcomers).Select(i => $"late{i}.example.")];
        string[] gone = zones[..Newcomers];
        await using FastMaster master = new([.. zones, .. late], serial: 1);
        await using KnotServer well = new() { HasDatabase = true };
        await using BindServer hung = new();
        await Task.WhenAll(well.StartAsync(), hung.StartAsync());
        await using AgentProcess agent = await AgentProcess.StartedAsync($$"""
            masters = ["{{master.EndPoint}}"]
            quorum = 1
            logging.level = warning
            targets { well { {{well.TargetSettings}} }, hung { {{hung.TargetSettings}} } }
            """);
        await Task.WhenAll(zones.Select(agent.Worker.CreateAcceptedAsync));
        await ServedAsync(agent, hung, zones, 1);
        // What came together went together: knotd saw far fewer transactions than zones.
        int commits = File.ReadLines(well.ControlLog).Count(line => line.Contains("conf-commit", StringComparison.Ordinal));
        Assert.InRange(commits, 1, ZoneCount / 2);

        hung.Process!.Signal(PosixSignalNumber.Stop);
        List<ProcessSample> samples = [];
        for (uint serial = 2; serial <= LastSerial; serial++)
        {
            foreach (string zone in zones) master.SetSerial(zone, serial);
            await Task.WhenAll(zones.Select(agent.Worker.NotifyAcceptedAsync));
            await ServedAsync(agent, well, zones, serial);
            samples.Add(await Flatness.SampleAsync(agent));
        }

        Flatness flatness = new(samples);
        Assert.True(!flatness.Growing().Any(), $"{string.Join(", ", flatness.Growing())}\n{flatness}");
        await Eventually.HoldsAsync(
            async () => await TargetAsync(agent, "hung") is ("away", ZoneCount),
            () => $"the server is away, each zone waits once\n{agent.Output}");
        await Task.WhenAll(late.Select(agent.Worker.CreateAcceptedAsync));
        await Task.WhenAll(gone.Select(agent.Worker.DeleteAcceptedAsync));
        Assert.Equal(("away", ZoneCount + Newcomers), await TargetAsync(agent, "hung"));

        string before = hung.Output;
        hung.Process!.Signal(PosixSignalNumber.Continue);
        await ServedAsync(agent, hung, zones[Newcomers..], LastSerial);
        await ServedAsync(agent, hung, late, 1);
        await ServedAsync(agent, hung, gone, 0);
        await Eventually.HoldsAsync(async () => await TargetAsync(agent, "hung") is ("up", 0), () => $"all is level\n{agent.Output}");

        Assert.StartsWith(before, hung.Output, StringComparison.Ordinal);
        string[] changes =
        [
            .. hung.Output[before.Length..].Split('\n').Select(line => line.Split("channel command '")).Where(parts => parts.Length > 1)
                .Select(parts => parts[1]).Where(command => Changing.Contains(command.Split(' ')[0], StringComparer.Ordinal)),
        ];
        Assert.InRange(changes.Length, ZoneCount + Newcomers, ZoneCount + Newcomers + UnderWayMax);
        Assert.All(
            changes.GroupBy(command => command.Split(' ')[1].Trim('"', '\'')), ofZone => Assert.InRange(ofZone.Count(), 1, 2));
    }

    private static Task ServedAsync(AgentProcess agent, DnsServer server, IEnumerable<string> zones, uint serial) => Task.WhenAll(
        zones.Select(zone => Eventually.HoldsAsync(
            async () => await WorkerClient.PollSerialAsync(server.EndPoint, zone) == serial,
            () => $"{zone} with serial {serial} at {server.EndPoint}\n{agent.Output}",
            Patience)));

    /// <summary>Its state, and how many zones are not as wanted there.</summary>
    private static async Task<(string? State, int Behind)> TargetAsync(AgentProcess agent, string name) =>
        (await agent.GetAsync("/api/v1/targets"))!.Value.GetProperty("targets").EnumerateArray()
            .Where(target => target.GetProperty("name").GetString() == name)
            .Select(target => (target.GetProperty("state").GetString(), target.GetProperty("zonesBehind").GetInt32())).Single();
}
