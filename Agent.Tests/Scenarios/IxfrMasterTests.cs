using System.Globalization;
using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Real masters whose changes come as differences.</summary>
[Trait("Category", "Long")]
public sealed class IxfrMasterTests
{
    private const string Zone = "ixfr.example.";

    [Theory]
    [InlineData("knot")]
    [InlineData("knot with all in its journal")]
    [InlineData("bind")]
    public async Task Changes_come_as_differences_and_the_zone_is_the_master_s(string kind)
    {
        MasterServer server = kind.EndsWith("journal", StringComparison.Ordinal)
            ? new KnotServer { JournalContent = "all" } : Farm.CreateMaster(kind);
        await using Farm farm = await Farm.StartAsync(server);
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 4294967290, 200));
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);
        var random = new Random(1);
        for (int round = 0; round < 6; round++)
        {
            // Several changes at once, so that an answer has several steps; the serial wraps on the way.
            for (int change = 0; change <= round % 3; change++) await farm.Master.SetZoneAsync(Changed(farm.Master.Zone(Zone), random));
            await farm.Master.NotifyAsync(Zone);
            await farm.TargetEqualsMasterAsync(Zone);
        }

        // BIND and Knot may send a whole zone where differences are no smaller; that happened for the first transfer only.
        IReadOnlyList<string> transfers = await TransfersAsync(farm.Agent, Zone);
        Assert.StartsWith("AXFR from", transfers[0], StringComparison.Ordinal);
        Assert.All(transfers.Skip(1), text => Assert.StartsWith("IXFR from", text, StringComparison.Ordinal));
        Assert.True(transfers.Count > 5, string.Join('\n', transfers));
        string counted = await farm.Agent.GetTextAsync("/metrics");
        Assert.Matches("dnsagent_xfr_total\\{[^}]*type=\"ixfr\"[^}]*\\} ([6-9]|1[0-9])", counted);
    }

    /// <summary>A journal of BIND that was deleted, and one of Knot that was emptied between two changes.</summary>
    [Theory]
    [InlineData("bind")]
    [InlineData("knot")]
    public async Task A_journal_that_does_not_reach_back_gives_the_whole_zone_instead(string kind)
    {
        await using Farm farm = await Farm.StartAsync(kind);
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 200));
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);
        // It hears of nothing meanwhile.
        await farm.Agent.StopAsync();
        var random = new Random(1);
        if (farm.Master is KnotServer knot)
        {
            await farm.Master.SetZoneAsync(Changed(farm.Master.Zone(Zone), random));
            (await knot.KnotcAsync("-f", "zone-purge", Zone, "+journal")).EnsureSuccess();
            await farm.Master.SetZoneAsync(Changed(farm.Master.Zone(Zone), random));
        }
        else
        {
            await farm.Master.StopAsync();
            foreach (string journal in Directory.EnumerateFiles(farm.Master.FolderPath, "*.jnl")) File.Delete(journal);
            await farm.Master.SetZoneAsync(Changed(farm.Master.Zone(Zone), random));
            await farm.Master.StartAsync();
        }

        await farm.Agent.StartAsync();

        await farm.Master.NotifyAsync(Zone);

        await farm.TargetEqualsMasterAsync(Zone);
        Assert.StartsWith("AXFR-style IXFR from", (await TransfersAsync(farm.Agent, Zone))[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nsd")]
    [InlineData("powerdns")]
    public async Task A_master_that_keeps_no_differences_is_followed(string kind)
    {
        await using Farm farm = await Farm.StartAsync(kind);
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 20));
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);
        await farm.Master.SetZoneAsync(Changed(farm.Master.Zone(Zone), new Random(1)));

        await farm.Master.NotifyAsync(Zone);

        await farm.TargetEqualsMasterAsync(Zone, StringComparer.OrdinalIgnoreCase);
        string last = (await TransfersAsync(farm.Agent, Zone))[^1];
        Assert.Contains("AXFR", last, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Switched_off_all_comes_whole()
    {
        await using Farm farm = await Farm.StartAsync("knot", "transfer.ixfr = off");
        await farm.Master.SetZoneAsync(MasterZone.WithHosts(Zone, 1, 20));
        await farm.Agent.Worker.CreateAcceptedAsync(Zone);
        await farm.Master.SetZoneAsync(Changed(farm.Master.Zone(Zone), new Random(1)));

        await farm.Master.NotifyAsync(Zone);

        await farm.TargetEqualsMasterAsync(Zone);
        Assert.StartsWith("AXFR from", (await TransfersAsync(farm.Agent, Zone))[^1], StringComparison.Ordinal);
    }

    /// <summary>A few records less, a few more, a TTL and a name's case changed, with the next serial.</summary>
    internal static MasterZone Changed(MasterZone zone, Random random)
    {
        List<string> lines = [.. zone.Lines];
        for (int i = 0; i < 3 && lines.Count > 5; i++) lines.RemoveAt(random.Next(lines.Count));
        int changed = random.Next(lines.Count);
        lines[changed] = lines[changed].Replace(" 300 ", " 301 ", StringComparison.Ordinal);
        for (int i = 0; i < 3; i++)
        {
            string number = random.Next(1_000_000).ToString(CultureInfo.InvariantCulture);
            lines.Add(random.Next(3) switch
            {
                0 => $"New{number} 300 IN MX 10 Mail{number}",
                1 => $"new{number}.sub 300 IN TXT \"text {number}\"",
                _ => $"new{number} 300 IN AAAA 2001:db8::{number[^1]}",
            });
        }

        return zone with { Serial = unchecked(zone.Serial + 1), Lines = lines };
    }

    /// <summary>What the history says of a zone's transfers, the oldest first.</summary>
    internal static async Task<IReadOnlyList<string>> TransfersAsync(AgentProcess agent, string zone)
    {
        JsonElement history = (await agent.GetAsync($"/api/v1/zones/{zone}/history"))!.Value;
        return
        [
            .. history.GetProperty("events").EnumerateArray()
                .Where(line => line.GetProperty("code").GetString() == "transferred")
                .Select(line => line.GetProperty("text").GetString()!).Reverse(),
        ];
    }
}
