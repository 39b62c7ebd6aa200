using System.Net;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Real servers as plain secondaries of the agent: they hear of a change from it and fetch it from it.</summary>
[Trait("Category", "Long")]
public sealed class SecondaryTests
{
    private const string Secret = "c2VjcmV0IG9mIGF0IGxlYXN0IDMyIG9jdGV0cyEhISE=";

    private static readonly string[] Zones = ["differences.example.", "whole.example.", "by-udp.example."];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task They_follow_every_change_by_our_NOTIFY_in_whole_zones_and_in_differences(bool isSigned)
    {
        TransferKey? key = isSigned ? new("k1", Secret) : null;
        int port = LoopbackPort.Next();
        await using KnotServer master = new() { NotifyTargets = [new IPEndPoint(IPAddress.Loopback, port)] };
        await using BindServer bind = new() { Key = key };
        await using KnotServer knot = new() { Key = key };
        await using NsdServer nsd = new() { Key = key };
        MasterServer[] secondaries = [bind, knot, nsd];
        await Task.WhenAll(secondaries.Append(master).Select(server => server.StartAsync()));
        await using AgentProcess agent = await StartAsync(port, master.EndPoint, secondaries, isSigned);
        foreach (string zone in Zones)
        {
            await master.SetZoneAsync(MasterZone.WithHosts(zone, 1, 100));
            await agent.Worker.CreateAcceptedAsync(zone);
        }

        foreach (MasterServer secondary in secondaries)
        {
            await secondary.AddSecondaryAsync(Zones[0], agent.Dns, SecondaryWay.Differences);
            await secondary.AddSecondaryAsync(Zones[1], agent.Dns, SecondaryWay.Whole);
        }

        await nsd.AddSecondaryAsync(Zones[2], agent.Dns, SecondaryWay.DifferencesByUdp);
        await AllFollowAsync(master, secondaries, agent);

        var random = new Random(7);
        for (int round = 0; round < 3; round++)
        {
            foreach (string zone in Zones)
            {
                await master.SetZoneAsync(IxfrMasterTests.Changed(master.Zone(zone), random));
                await master.NotifyAsync(zone);
            }

            await AllFollowAsync(master, secondaries, agent);
        }

        string counted = await agent.GetTextAsync("/metrics");
        // Three secondaries follow three changes of one zone in differences, NSD those of another; NSD and BIND fetch the third whole.
        Assert.True(Count(counted, "ixfr") >= 9, counted);
        Assert.True(Count(counted, "axfr") >= 6 + 3, counted);
    }

    [Fact]
    public async Task A_receiver_that_was_away_is_told_again()
    {
        int port = LoopbackPort.Next();
        await using KnotServer master = new() { NotifyTargets = [new IPEndPoint(IPAddress.Loopback, port)] };
        await using KnotServer secondary = new();
        await Task.WhenAll(master.StartAsync(), secondary.StartAsync());
        await using AgentProcess agent = await StartAsync(port, master.EndPoint, [secondary], isSigned: false);
        await master.SetZoneAsync(MasterZone.WithHosts(Zones[0], 1, 20));
        await agent.Worker.CreateAcceptedAsync(Zones[0]);
        await secondary.AddSecondaryAsync(Zones[0], agent.Dns, SecondaryWay.Differences);
        await WorkerClient.ServedAsync(secondary.EndPoint, Zones[0], 1, () => secondary.Output);
        // Stopped, it holds its port and does not answer.
        secondary.Process!.Signal(PosixSignalNumber.Stop);
        await master.BumpAsync(Zones[0], "away 60 IN A 192.0.2.1");
        await master.NotifyAsync(Zones[0]);
        await agent.ZoneIsOkAsync(Zones[0], 2);
        await Eventually.HoldsAsync(
            async () => (await agent.GetTextAsync("/metrics")).Contains("result=\"no_answer\"", StringComparison.Ordinal),
            () => $"a NOTIFY without an answer\n{agent.Output}");

        secondary.Process!.Signal(PosixSignalNumber.Continue);

        await WorkerClient.ServedAsync(secondary.EndPoint, Zones[0], 2, () => $"{agent.Output}\n{secondary.Output}");
    }

    private static Task<AgentProcess> StartAsync(int port, IPEndPoint master, IEnumerable<MasterServer> secondaries, bool isSigned)
    {
        string receivers = string.Join(", ", secondaries.Select(
            secondary => isSigned ? $"{{ address = \"{secondary.EndPoint}\", key = k1 }}" : $"\"{secondary.EndPoint}\""));
        return AgentProcess.StartedAsync($$"""
            port = {{port}}
            masters = ["{{master}}"]
            backend-driver = embedded
            allow-transfer = ["{{(isSigned ? "key:k1" : "127.0.0.0/8")}}"]
            also-notify = [{{receivers}}]
            keys { k1 { secret = "{{Secret}}" } }
            transfer { notify-retry = 500ms, notify-tries = 100 }
            """);
    }

    private static async Task AllFollowAsync(MasterServer master, MasterServer[] secondaries, AgentProcess agent)
    {
        foreach (MasterServer secondary in secondaries)
        {
            foreach (string zone in secondary is NsdServer ? Zones : Zones[..2])
            {
                await WorkerClient.ServedAsync(
                    secondary.EndPoint, zone, master.Zone(zone).Serial, () => $"{agent.Output}\n{secondary.Output}");
                // Knot keeps names in lower case, and BIND compresses them against what came before.
                Assert.Equal(
                    await DigTool.TransferAsync(master.EndPoint, zone),
                    await DigTool.TransferAsync(secondary.EndPoint, zone),
                    StringComparer.OrdinalIgnoreCase);
            }
        }
    }

    private static int Count(string metrics, string type) => metrics.Split('\n')
        .Where(line => line.StartsWith("dnsagent_xfr_out_total{", StringComparison.Ordinal)
            && line.Contains($"type=\"{type}\"", StringComparison.Ordinal) && line.Contains("result=\"done\"", StringComparison.Ordinal))
        .Sum(line => (int)double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
}
