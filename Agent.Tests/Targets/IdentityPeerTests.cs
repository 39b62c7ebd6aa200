using System.Net;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Backends.Bind9;
using Agent.Backends.Knot;
using Agent.Backends.Nsd;
using Agent.Backends.PowerDnsApi;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Tests.Backends.Nsd;

namespace Agent.Tests.Targets;

/// <summary>Real servers, two of them where a target should be one: seen by the target's own actor, with many probes.</summary>
[Trait("Category", "Peer")]
public sealed class IdentityPeerTests
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Two_nsd_at_one_port_are_noticed_whichever_the_control_channel_reaches()
    {
        await using NsdServer left = Nsd("left", port: null);
        await left.StartAsync();
        await using TargetUnderWatch target = new(new NsdBackend(NsdTarget.OptionsOf(left), TimeProvider.System), left.EndPoint);
        TargetStatus alone = await target.SeenAsync(s => s is { Server.Nsid: "left-nsid", Controlled: not null });
        Assert.Equal(("left", "NSD 4"), (alone.Server!.Identity, alone.Controlled![..5]));
        Assert.Equal(alone.Server.Version, alone.Controlled);

        await left.StopAsync();
        await left.StartAsync();
        await target.ProbedAsync(times: 6);
        Assert.Null((await target.StatusAsync()).Reason);

        await using NsdServer right = Nsd("right", left.Port);
        await right.StartAsync();
        TargetStatus split = await target.SplitAsync();
        Assert.Contains("left", split.Reason!.Text, StringComparison.Ordinal);
        Assert.Contains("right", split.Reason.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_rndc_of_one_named_with_the_answers_of_another_is_noticed_and_a_restart_is_not()
    {
        await using BindServer controlled = new();
        await using BindServer answering = new();
        await Task.WhenAll(controlled.StartAsync(), answering.StartAsync());
        await using (TargetUnderWatch one = new(Named(controlled, controlled.EndPoint), controlled.EndPoint))
        {
            await one.SeenAsync(s => s.Controlled is not null);
            string? version = (await one.StatusAsync()).Controlled;
            await controlled.StopAsync();
            await one.SeenAsync(s => !s.Healthy);
            await controlled.StartAsync();
            await one.SeenAsync(s => s is { Healthy: true, Server: not null });
            await one.ProbedAsync(times: 6);
            TargetStatus again = await one.StatusAsync();
            Assert.True(again is { Healthy: true, Reason: null }, $"{again.Reason}");
            Assert.Equal(version, again.Controlled);
        }

        // Of the same software, on the same machine, and with the same identity.
        await using TargetUnderWatch two = new(Named(controlled, answering.EndPoint), answering.EndPoint);
        TargetStatus split = await two.SplitAsync();
        Assert.Contains("no client by TCP", split.Reason!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_knotd_says_of_itself_over_its_socket_is_compared_with_what_answers()
    {
        await using KnotServer controlled = Knot("left");
        await using KnotServer answering = Knot("right");
        await Task.WhenAll(controlled.StartAsync(), answering.StartAsync());
        await using (TargetUnderWatch one = new(Knotd(controlled, controlled.EndPoint), controlled.EndPoint))
        {
            TargetStatus alone = await one.SeenAsync(s => s is { Server.Version: not null, Controlled: not null });
            Assert.Equal(alone.Server!.Version, alone.Controlled);
            await one.ProbedAsync(times: 6);
            Assert.Null((await one.StatusAsync()).Reason);
        }

        await using TargetUnderWatch two = new(Knotd(controlled, answering.EndPoint), answering.EndPoint);
        Assert.Contains("left, and right answers by DNS", (await two.SplitAsync()).Reason!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_api_of_one_powerdns_with_the_answers_of_another_is_noticed()
    {
        await using PowerDnsTarget controlled = new();
        await using PowerDnsTarget answering = new();
        await Task.WhenAll(controlled.StartAsync(), answering.StartAsync());
        await using (TargetUnderWatch one = new(PowerDns(controlled, controlled.EndPoint), controlled.EndPoint))
        {
            await one.SeenAsync(s => s is { Server.Version: not null, Controlled: not null });
            await one.ProbedAsync(times: 6);
            Assert.Null((await one.StatusAsync()).Reason);
        }

        await using TargetUnderWatch two = new(PowerDns(controlled, answering.EndPoint), answering.EndPoint);
        Assert.Contains("has counted", (await two.SplitAsync()).Reason!.Text, StringComparison.Ordinal);
    }

    private static NsdServer Nsd(string name, int? port) => new()
    {
        Port = port ?? LoopbackPort.Next(),
        SharesPort = true,
        ExtraServerLines = $"    identity: \"{name}\"\n    nsid: \"ascii_{name}-nsid\"",
    };

    private static KnotServer Knot(string name) => new()
    {
        HasDatabase = true,
        ExtraServerLines = $"    identity: \"{name}\"\n    nsid: \"{name}\"",
    };

    private static KnotBackend Knotd(KnotServer controlled, IPEndPoint server) =>
        new(new KnotOptions(controlled.ZoneFolder) { Control = controlled.Control, Server = server }, TimeProvider.System);

    private static PowerDnsApiBackend PowerDns(PowerDnsTarget controlled, IPEndPoint server) =>
        new(new PowerDnsApiOptions(controlled.Api, controlled.ApiKey, server), TimeProvider.System);

    private static Bind9Backend Named(BindServer controlled, IPEndPoint server) => new(
        new Bind9Options(controlled.ZoneFolder)
        {
            Host = controlled.ControlEndPoint.Address.ToString(),
            Port = controlled.ControlPort,
            KeyFile = controlled.ControlKeyFile,
            Server = server,
        },
        TimeProvider.System);

    /// <summary>A target's actor on real threads, for which a probe comes every tenth of a second.</summary>
    private sealed class TargetUnderWatch : IAsyncDisposable
    {
        private readonly CountedBackend _backend;
        private readonly ServerNaming _naming;
        private readonly ActorSystem _system = ActorSystem.Create("identity");
        private readonly IActorRef _target;

        public TargetUnderWatch(IZoneBackend backend, IPEndPoint server)
        {
            _backend = new CountedBackend(backend);
            _naming = new ServerNaming(server, TimeProvider.System);
            var settings = new BackendActorSettings("ns1", _backend, ProbeInterval) { Naming = _naming };
            _target = _system.ActorOf(BackendActor.Props(settings));
        }

        public Task<TargetStatus> StatusAsync() => _target.Ask<TargetStatus>(new GetTargetStatus(), Patience);

        public Task<TargetStatus> SplitAsync() => SeenAsync(s => s.Reason?.Code == ReasonCode.IdentitySplit);

        public async Task<TargetStatus> SeenAsync(Func<TargetStatus, bool> condition)
        {
            TargetStatus? last = null;
            await Eventually.HoldsAsync(async () => condition(last = await StatusAsync()), () => $"the target is seen so: {last}");
            return last!;
        }

        public async Task ProbedAsync(int times)
        {
            int enough = _backend.Probes + times;
            await Eventually.HoldsAsync(() => _backend.Probes >= enough, () => "the target is probed");
        }

        public async ValueTask DisposeAsync()
        {
            await _system.Terminate();
            await _backend.DisposeAsync();
            await _naming.DisposeAsync();
        }
    }

    /// <summary>A driver whose probes are counted.</summary>
    private sealed class CountedBackend(IZoneBackend inner) : IZoneBackend
    {
        private int _probes;

        public int Probes => Volatile.Read(ref _probes);

        public BackendTraits Traits => inner.Traits;

        public void Apply(ApplyZone order, ReplyTo replyTo) => inner.Apply(order, replyTo);

        public void Remove(RemoveZone order, ReplyTo replyTo) => inner.Remove(order, replyTo);

        public void Observe(ObserveZone order, ReplyTo replyTo) => inner.Observe(order, replyTo);

        public void Probe(ProbeServer order, ReplyTo replyTo)
        {
            Interlocked.Increment(ref _probes);
            inner.Probe(order, replyTo);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
