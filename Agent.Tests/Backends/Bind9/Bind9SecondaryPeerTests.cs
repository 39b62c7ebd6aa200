using System.Net;
using Agent.Actors.Backends;
using Agent.Backends.Bind9;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Tests.Scenarios;

namespace Agent.Tests.Backends.Bind9;

/// <summary>What is named's own with zones that it transfers itself.</summary>
[Trait("Category", "Peer")]
public sealed class Bind9SecondaryPeerTests
{
    private static readonly DomainName Zone = DomainName.Parse("target.example.");

    private readonly ScriptedZones _zones = new();

    [Fact]
    public async Task Other_primaries_are_taken_up_without_a_gap_and_zones_of_named_conf_left_alone()
    {
        _zones.Set(new ScriptedZone(Zone.ToString(), 1));
        await using ScriptedMaster first = new(_zones.Answer);
        await using ScriptedMaster second = new(_zones.Answer);
        await using BindServer server = new()
        {
            ExtraStatements =
                $"zone \"static.example\" {{ type secondary; file \"s\"; primaries {{ 127.0.0.1 port {LoopbackPort.Next()}; }}; }};",
        };
        await using Bind9Target target = await Bind9Target.StartAsync(server);
        await using Bind9Backend before = new(Options(target, first.EndPoint), TimeProvider.System);
        await target.DoneAsync(new BackendCaller(before).ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
        await target.ServedAsync(Zone, 1);

        await using Bind9Backend after = new(Options(target, second.EndPoint), TimeProvider.System);
        await target.DoneAsync(new BackendCaller(after).ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(server.EndPoint, "target.example."));
        int asked = second.Queries.Count;
        _zones[Zone.ToString()].Serial = 2;
        await target.DoneAsync(new BackendCaller(after).ApplyAsync(Zone, SmallZone.Create(Zone, 2)));
        await target.ServedAsync(Zone, 2);
        Assert.True(second.Queries.Count > asked, server.Output);
        Assert.Contains("modzone", server.Output, StringComparison.Ordinal);

        DomainName fixedZone = DomainName.Parse("static.example.");
        OrderFinished refused = await new BackendCaller(after).ApplyAsync(fixedZone, SmallZone.Create(fixedZone, 1));
        Assert.Equal(OrderOutcome.Refused, refused.Outcome);
        Assert.Contains("named.conf", refused.Reason!.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("delzone", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_named_lacks_and_why_nothing_comes_is_said()
    {
        await using Bind9Target target = await Bind9Target.StartAsync();
        IPEndPoint nobody = new(IPAddress.Loopback, LoopbackPort.Next());
        await using Bind9Backend signed = new(Options(target, nobody, "not-there"), TimeProvider.System);

        OrderFinished refused = await new BackendCaller(signed).ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        Assert.Equal(OrderOutcome.Refused, refused.Outcome);
        Assert.Contains("named has no key not-there", refused.Reason!.Text, StringComparison.Ordinal);
        await using Bind9Backend plain = new(Options(target, nobody), TimeProvider.System);
        BackendCaller caller = new(plain);
        await target.DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
        ZoneObserved seen = await caller.ObserveAsync(Zone);
        Assert.Equal(Observation.CannotTell, seen.Observation);
        Assert.Contains($"named has not transferred serial 1 of {Zone} from {nobody}", seen.Reason!.Text, StringComparison.Ordinal);
    }

    /// <summary>As where named is on another machine.</summary>
    [Fact]
    public async Task The_agent_need_not_see_the_folder()
    {
        _zones.Set(new ScriptedZone(Zone.ToString(), 1));
        await using ScriptedMaster primary = new(_zones.Answer);
        await using Bind9Target target = await Bind9Target.StartAsync();
        string elsewhere = Path.Combine(target.Server.FolderPath, "not-here");
        await using Bind9Backend backend = new(Options(target, primary.EndPoint) with { ZoneDirectory = elsewhere }, TimeProvider.System);
        BackendCaller caller = new(backend);

        await target.DoneAsync(caller.ProbeAsync());
        await target.DoneAsync(caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)));
        await target.ServedAsync(Zone, 1);
        Assert.Empty((await caller.ListAsync()).Zones);
        await target.DoneAsync(caller.RemoveAsync(Zone));
        await WorkerClient.GoneAsync(target.Server.EndPoint, Zone.ToString(), () => target.Server.Output);
        Assert.Contains("delzone -clean", target.Server.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(elsewhere));
    }

    private static Bind9Options Options(Bind9Target target, IPEndPoint primary, string? key = null) =>
        target.Options with { Secondary = new TransferSource([primary], key) };
}
