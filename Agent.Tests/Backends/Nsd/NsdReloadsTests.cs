using Agent.Actors.Backends;
using Agent.Backends.Nsd;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Nsd;

/// <summary>How many questions it takes to know that zones came with a reload.</summary>
public sealed class NsdReloadsTests
{
    private const int Zones = 16;
    private const int RefusalsOfReload = 3;

    [Fact]
    public async Task Many_zones_wait_for_their_reload_by_the_questions_of_few()
    {
        int left = RefusalsOfReload;
        await using ScriptedDnsServer dns = new(
            query => Interlocked.Decrement(ref left) >= 0 ? ScriptedDnsServer.Refuse(query) : ScriptedDnsServer.AnswerSoa(query, 1));
        NsdReloads reloads = Reloads(dns);

        Task[] all = [.. Enumerable.Range(0, Zones).Select(i => reloads.PassedAsync(Zone(i), 1, CancellationToken.None))];
        await Task.WhenAny(all);
        Assert.True(Volatile.Read(ref left) < 0, "somebody went on before the reload was over");
        await Task.WhenAll(all);

        // One more for the last of the zones that came while the first was asked for.
        Assert.InRange(dns.UdpQueries, RefusalsOfReload + 1, RefusalsOfReload + 2);
    }

    [Fact]
    public async Task Many_zones_that_go_wait_for_their_reload_by_the_questions_of_few()
    {
        int left = RefusalsOfReload;
        await using ScriptedDnsServer dns = new(
            query => Interlocked.Decrement(ref left) >= 0 ? ScriptedDnsServer.AnswerSoa(query, 1) : ScriptedDnsServer.Refuse(query));
        NsdReloads reloads = Reloads(dns);

        Task[] all = [.. Enumerable.Range(0, Zones).Select(i => reloads.PassedAsync(Zone(i), serial: null, CancellationToken.None))];
        await Task.WhenAny(all);
        Assert.True(Volatile.Read(ref left) < 0, "somebody went on before the reload was over");
        await Task.WhenAll(all);

        Assert.InRange(dns.UdpQueries, RefusalsOfReload + 1, RefusalsOfReload + 2);
    }

    [Fact]
    public async Task Zones_taken_away_together_are_gone_at_the_first_look_and_need_no_word_of_the_control_channel()
    {
        DomainName[] zones = [.. Enumerable.Range(0, Zones).Select(Zone)];
        int left = RefusalsOfReload;
        await using ScriptedNsd nsd = new((_, lines) => string.Concat(lines.Select(line => $"removed: {line}\n")));
        await using ScriptedDnsServer dns = new(
            query => Interlocked.Decrement(ref left) >= 0 ? ScriptedDnsServer.AnswerSoa(query, 1) : ScriptedDnsServer.Refuse(query));
        NsdOptions options = new(new NsdControlPlace.LocalSocket(nsd.Path), "agent", nsd.ZoneFolder) { Server = dns.EndPoint };
        await using NsdBackend backend = new(options, TimeProvider.System);
        BackendCaller caller = new(backend);

        // The first ones may find themselves alone; whoever comes into a crowd waits for the reload.
        OrderFinished[] removed = await Task.WhenAll(zones.Select(zone => caller.RemoveAsync(zone)));
        Assert.All(removed, static order => Assert.Equal(OrderOutcome.Done, order.Outcome));
        Assert.True(Volatile.Read(ref left) < 0, "nobody waited for the reload");
        ZoneObserved[] seen = await Task.WhenAll(zones.Select(zone => caller.ObserveAsync(zone)));

        Assert.All(seen, static zone => Assert.Equal(Observation.Absent, zone.Observation));
        Assert.DoesNotContain(nsd.Commands, static command => command.StartsWith("zonestatus", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_zone_taken_away_is_asked_for_again_by_whoever_looks_later()
    {
        await using ScriptedNsd nsd = new((command, lines) => command.StartsWith("zonestatus", StringComparison.Ordinal)
            ? $"zone:\t{command.Split(' ')[1]}\n\tpattern: agent\n\tstate: master\n"
            : string.Concat(lines.Select(line => $"removed: {line}\n")));
        await using ScriptedDnsServer dns = new(ScriptedDnsServer.Refuse);
        NsdOptions options = new(new NsdControlPlace.LocalSocket(nsd.Path), "agent", nsd.ZoneFolder) { Server = dns.EndPoint };
        await using NsdBackend backend = new(options, TimeProvider.System);
        BackendCaller caller = new(backend);

        Assert.Equal(OrderOutcome.Done, (await caller.RemoveAsync(Zone(0))).Outcome);
        Assert.Equal(Observation.Absent, (await caller.ObserveAsync(Zone(0))).Observation);

        // Somebody else has added it meanwhile.
        Assert.Equal(Observation.CannotTell, (await caller.ObserveAsync(Zone(0))).Observation);
    }

    [Fact]
    public async Task A_zone_that_nsd_does_not_load_holds_nobody_up_for_good()
    {
        await using ScriptedDnsServer dns = new(query => ScriptedDnsServer.AnswerSoa(query, 1));
        NsdReloads reloads = Reloads(dns);

        await reloads.PassedAsync(Zone(0), 2, CancellationToken.None);
        await reloads.PassedAsync(Zone(1), 1, CancellationToken.None);

        Assert.True(dns.UdpQueries > 2, "it was not looked more than once for the zone that does not come");
    }

    [Fact]
    public async Task A_zone_that_nsd_was_just_told_of_is_not_asked_for_over_the_control_channel_at_once()
    {
        DomainName first = Zone(0);
        DomainName late = Zone(1);
        await using ScriptedNsd nsd = new((command, lines) => command.Split(' ')[0] switch
        {
            "addzones" => string.Concat(lines.Select(line => $"added: {line.Split(' ')[0]}\n")),
            _ => $"zone:\t{command.Split(' ')[1]}\n\tpattern: agent\n\tstate: master\n",
        });
        bool servesAll = true;
        await using ScriptedDnsServer dns = new(
            query => Volatile.Read(ref servesAll) ? ScriptedDnsServer.AnswerSoa(query, 1) : ScriptedDnsServer.Refuse(query));
        NsdOptions options = new(new NsdControlPlace.LocalSocket(nsd.Path), "agent", nsd.ZoneFolder) { Server = dns.EndPoint };
        await using NsdBackend backend = new(options, TimeProvider.System);
        BackendCaller caller = new(backend);
        Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(first, SmallZone.Create(first, 1))).Outcome);
        Volatile.Write(ref servesAll, false);
        Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(late, SmallZone.Create(late, 1))).Outcome);

        // First its own words, and when it had its time those of the control channel.
        ZoneObserved seen = await caller.ObserveAsync(late);
        Assert.Equal(Observation.CannotTell, seen.Observation);
        await Eventually.HoldsAsync(
            async () => (seen = await caller.ObserveAsync(late)).Reason!.Text.Contains("in its configuration", StringComparison.Ordinal),
            () => seen.ToString());
        Assert.Equal(1, nsd.Commands.Count(command => command == "zonestatus z1.example"));
    }

    private static NsdReloads Reloads(ScriptedDnsServer dns) =>
        new(new ServerProbe(dns.EndPoint, TimeProvider.System), TimeProvider.System);

    private static DomainName Zone(int number) => DomainName.Parse($"z{number}.example.");
}
