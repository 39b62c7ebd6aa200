using System.Text.RegularExpressions;
using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Tests.Anycast;
using Agent.Tests.Architecture;
using Agent.Tests.Simulation.Cluster;
using Agent.Tests.TestKit;

namespace Agent.Tests.Simulation;

/// <summary>
/// Whole lives of an agent under faults: requests at random, servers and masters that come and go, a full disk, kills. Afterwards
/// everything works, and what was promised must be so.
/// </summary>
public sealed partial class FarmSimulationTests
{
    private const int Seeds = 150;
    private const int SeedsForProbes = 800;
    private const int Acts = 60;

    /// <summary>From a rare defect to an agent that hardly gets anything done.</summary>
    private static readonly double[] BreakChances = [0.0005, 0.002, 0.01, 0.04];

    private static readonly RequestOrigin Origin = new("192.0.2.9", null, "trace");

    [Fact]
    public void What_was_answered_is_kept_and_the_farm_comes_level() => SimSeeds.ForEach(Seeds, Life);

    [Fact]
    public void The_same_holds_when_actors_break_at_any_moment() => SimSeeds.ForEach(Seeds, BreakingLife);

    [Fact]
    public void The_same_holds_when_guards_stop_content_and_operators_decide() => SimSeeds.ForEach(Seeds, GuardedLife);

    [Fact]
    public void The_same_holds_when_zones_move_between_targets() => SimSeeds.ForEach(Seeds, PlacedLife);

    [Fact]
    public void The_same_holds_when_a_canary_is_first_and_nothing_comes_past_it() => SimSeeds.ForEach(Seeds, StagedLife);

    /// <summary>A probe stands where something rare happens. One that no life comes by says that the lives test less than they
    /// seem to.</summary>
    [Fact]
    [Trait("Category", "Long")]
    public void The_lives_come_by_every_probe()
    {
        string[] declared = [.. SourceTree.CSharpFiles.Where(file => file.Project == "Agent.Actors")
            .SelectMany(file => ProbeName().Matches(file.Text)).Select(m => m.Groups["name"].Value)];
        Assert.True(declared.Length > 15, $"only {declared.Length} probes are declared");
        Assert.Equal(declared.Length, declared.Distinct(StringComparer.Ordinal).Count());
        string[] Missing() => [.. declared.Except(CodeProbe.Counts.Keys, StringComparer.Ordinal)];
        for (ulong seed = 1; seed <= SeedsForProbes && Missing().Length > 0; seed++)
        {
            Life(seed);
            BreakingLife(seed);
            GuardedLife(seed);
            PlacedLife(seed);
            StagedLife(seed);
            ClusterLife.Live(seed, SimSeeds.Swarm(seed));
            CatalogLife.Live(seed, SimSeeds.Swarm(seed));
            AnnouncerLife.Live(seed, SimSeeds.Swarm(seed));
        }

        Assert.Empty(Missing());
    }

    [GeneratedRegex("CodeProbe\\.Reached\\(\"(?<name>[^\"]+)\"\\)")]
    private static partial Regex ProbeName();

    private static ulong BreakingLife(ulong seed)
    {
        var farm = new SimFarm(seed);
        farm.Sim.ActorBreakChance = BreakChances[seed % (ulong)BreakChances.Length];
        foreach (SimServer server in farm.Servers.Values) server.MayOverlap = true;
        return Live(farm);
    }

    private static ulong Life(ulong seed) => Live(new SimFarm(seed));

    private static ulong GuardedLife(ulong seed) => Live(new SimFarm(seed), isGuarded: true);

    private static ulong PlacedLife(ulong seed) => Live(new SimFarm(seed), moves: true);

    /// <summary>Every other life has operators, or goes on without a canary that is away: then content may come past it.</summary>
    private static ulong StagedLife(ulong seed)
    {
        bool isStrict = seed % 2 == 0;
        var policy = new ZonePolicy
        {
            PassivateAfter = TimeSpan.FromSeconds(2),
            Rollout = new RolloutPolicy
            {
                Canaries = new TargetSelection(["ns1"]),
                Observe = TimeSpan.FromSeconds(seed % 3 * 2),
                Patience = TimeSpan.FromSeconds(15),
                Away = isStrict ? CanaryAway.Wait : CanaryAway.Skip,
            },
        };
        var farm = new SimFarm(seed, policy: policy);
        farm.Sim.ActorBreakChance = seed % 5 == 0 ? 0.002 : 0;
        foreach (SimServer server in farm.Servers.Values) server.MayOverlap = true;
        ulong unseed = Live(farm, isGuarded: !isStrict, refuses: true);
        if (isStrict) CheckNothingCamePast(farm);
        return unseed;
    }

    private static void CheckNothingCamePast(SimFarm farm)
    {
        foreach (ServerEffect effect in farm.Servers["ns2"].Effects.Where(e => e.Serial is not null))
        {
            bool wasTried = farm.Servers["ns1"].Effects.Any(e => e.At < effect.At && e.Zone == effect.Zone && e.Serial == effect.Serial);
            Assert.True(wasTried, $"ns2 serves {effect.Zone} {effect.Serial} at {effect.At}, which ns1 never did before");
        }
    }

    private static ulong Live(SimFarm farm, bool isGuarded = false, bool moves = false, bool refuses = false)
    {
        var zones = Enumerable.Range(0, 6).Select(i => new Wish(DomainName.Parse($"zone{i}.example."))).ToArray();
        foreach (Wish zone in zones) farm.Masters.Zones[zone.Name] = 1;
        KernelRandom random = farm.Sim.Faults.Fork();
        for (int act = 0; act < Acts; act++)
        {
            Act(farm, zones, random);
            if (isGuarded) ActOfGuards(farm, zones, random);
            if (refuses && random.Chance(0.2)) Refuse(farm, zones, random);
            if (moves && random.Chance(0.2)) Move(farm, zones, random);
            farm.Sim.RunFor(random.NextTimeSpan(TimeSpan.FromSeconds(random.Chance(0.1) ? 40 : 2)));
        }

        Heal(farm);
        if (isGuarded)
        {
            foreach (Wish zone in zones) Change(farm, zone);
        }

        farm.Sim.RunFor(TimeSpan.FromMinutes(20));
        LookClosely(farm, zones);
        farm.Sim.RunFor(TimeSpan.FromMinutes(2));
        foreach (Wish zone in zones) Check(farm, zone);
        return farm.Sim.Unseed;
    }

    private static void Act(SimFarm farm, Wish[] zones, KernelRandom random)
    {
        Wish zone = zones[random.Next(zones.Length)];
        SimServer server = farm.Servers.Values.ElementAt(random.Next(farm.Servers.Count));
        switch (random.Next(20))
        {
            case 0 or 1 or 2: zone.Ask(farm, new CreateZone(zone.Name, Origin), wanted: true); break;
            case 3: zone.Ask(farm, new DeleteZone(zone.Name, Origin), wanted: false); break;
            case 4: zone.Ask(farm, new UndeleteZone(zone.Name, Origin), wanted: true); break;
            case 5 or 6 or 7:
                Change(farm, zone, (uint)(1 + random.Next(3)));
                break;
            case 8: server.Away = !server.Away; break;
            case 9:
                server.RestartEmpty();
                break;
            case 10: server.LieChance = random.Chance(0.5) ? 0.3 : 0; break;
            case 11: farm.Journal.IsFull = random.Chance(0.4); break;
            case 12: farm.Masters.BreakChance = random.Chance(0.5) ? 0.3 : 0; break;
            case 13:
                if (!farm.Masters.Away.Remove("m1")) farm.Masters.Away.Add("m1");
                break;
            case 15: server.MixUpChance = random.Chance(0.5) ? 0.3 : 0; break;
            case 16 or 17:
                server.EditByHand(zone.Name, serialBy: random.Chance(0.3) ? 1000u : 0);
                break;
            case 18:
                Look(farm, zone, farm.Servers.First(s => s.Value == server).Key, (LookDepth)random.Next(3));
                break;
            case 14:
                if (!farm.Masters.Slow.Remove(zone.Name)) farm.Masters.Slow.Add(zone.Name);
                break;
            default:
                foreach (Wish each in zones) each.ProcessDied();
                farm.KillAndRestart(random.NextTimeSpan(TimeSpan.FromSeconds(10)));
                break;
        }
    }

    private static void Look(SimFarm farm, Wish zone, string server, LookDepth depth) =>
        farm.Region.Tell(new LookAtTarget(zone.Name, server) { Depth = depth }, farm.System.DeadLetters);

    /// <summary>What was edited by hand at a server that is only told about stays until an operator has it repaired.</summary>
    private static void LookClosely(SimFarm farm, Wish[] zones)
    {
        foreach (Wish zone in zones)
        {
            Look(farm, zone, "ns1", LookDepth.Repair);
            Look(farm, zone, "ns2", LookDepth.Content);
        }
    }

    /// <summary>Content becomes unfit or fit again, and what waits is approved or rejected, or something else is, by mistake.</summary>
    private static void ActOfGuards(SimFarm farm, Wish[] zones, KernelRandom random)
    {
        Wish zone = zones[random.Next(zones.Length)];
        if (random.Chance(0.4))
        {
            if (!farm.Masters.Unfit.Remove(zone.Name)) farm.Masters.Unfit.Add(zone.Name);
            Change(farm, zone);
            return;
        }

        uint serial = farm.Journal.Rows.GetValueOrDefault(zone.Name)?.Candidate?.Serial ?? farm.Masters.Zones[zone.Name];
        farm.Region.Tell(new DecideCandidate(zone.Name, Origin, random.Chance(0.6), serial, null), farm.System.DeadLetters);
    }

    private static void Change(SimFarm farm, Wish zone, uint by = 1)
    {
        farm.Masters.Zones[zone.Name] += by;
        farm.Region.Tell(farm.Masters.Notification(zone.Name, Origin), farm.System.DeadLetters);
    }

    /// <summary>The canary refuses a zone, or takes it again.</summary>
    private static void Refuse(SimFarm farm, Wish[] zones, KernelRandom random)
    {
        DomainName zone = zones[random.Next(zones.Length)].Name;
        if (!farm.Servers["ns1"].Refused.Remove(zone)) farm.Servers["ns1"].Refused.Add(zone);
    }

    /// <summary>Each zone belongs to any server, to both, or to both by no pattern.</summary>
    private static void Move(SimFarm farm, Wish[] zones, KernelRandom random)
    {
        (ZonePattern, TargetSelection) Somewhere(Wish zone) => (new ZonePattern(zone.Name, IsBelow: false), new TargetSelection(
            random.Next(3) switch { 0 => ["ns1"], 1 => ["ns2"], _ => (string[])["ns1", "ns2"] }));
        var placed = zones.Where(_ => random.Chance(0.7)).Select(Somewhere).ToList();
        farm.ChangePolicy(farm.Policy with { Placement = new ZonePatternMap<TargetSelection>(placed) });
    }

    private static void Heal(SimFarm farm)
    {
        farm.Sim.ActorBreakChance = 0;
        farm.Sim.AreFaultsOver = true;
        farm.Journal.IsFull = false;
        farm.Masters.Away.Clear();
        farm.Masters.Slow.Clear();
        farm.Masters.Unfit.Clear();
        farm.Masters.BreakChance = 0;
        foreach (SimServer server in farm.Servers.Values)
        {
            server.Away = false;
            server.LieChance = 0;
            server.MixUpChance = 0;
            server.Refused.Clear();
        }
    }

    private static void Check(SimFarm farm, Wish zone)
    {
        Assert.True(zone.AllAnswered, $"{zone.Name} has requests without an answer");
        SimServer[] servers = [.. farm.Servers.Where(s => farm.Policy.IsPlaced(zone.Name, s.Key)).Select(s => s.Value)];
        bool[] served = [.. servers.Select(s => s.Served.ContainsKey(zone.Name))];
        string known = farm.Journal.Rows.TryGetValue(zone.Name, out ZoneRow? row)
            ? $"{row.Wish} {row.Generation} {row.Content?.Serial} {string.Join(", ", row.Targets)}"
            : "no row";
        Assert.True(served.All(s => s == served[0]), $"{zone.Name}: the servers differ: {string.Join(", ", served)}; {known}");
        foreach ((string name, SimServer server) in farm.Servers.Where(s => !farm.Policy.IsPlaced(zone.Name, s.Key)))
            Assert.False(server.Served.ContainsKey(zone.Name), $"{zone.Name} is not of {name}, which serves it; {known}");
        if (zone.Promised is { } wanted)
            Assert.True(served[0] == wanted, $"{zone.Name}: promised {wanted}, served {served[0]}");
        Assert.True(served[0] == row is not null, $"{zone.Name}: served {served[0]}; {known}");
        if (!served[0]) return;
        uint current = farm.Masters.Zones[zone.Name];
        foreach (SimServer server in servers)
        {
            Assert.True(current == server.Served[zone.Name], $"{zone.Name}: {current} is current; {known}, {row!.Reason}, {row.Candidate}");
            Assert.DoesNotContain(zone.Name, server.Spoiled);
        }
    }

    /// <summary>What was last promised about a zone; unknown while a later request is open or ended badly.</summary>
    private sealed class Wish(DomainName name)
    {
        private readonly List<(Task<ZoneReply> Answer, bool Wanted)> _asked = [];

        public DomainName Name { get; } = name;

        /// <summary>In words, or by the news that the request is dead; never by a timeout of whoever asked.</summary>
        public bool AllAnswered => _asked.TrueForAll(
            a => a.Answer.IsCompleted && a.Answer.Exception?.InnerException is not AskTimeoutException);

        /// <summary>Null when the last request was not answered with success, so that both ends are right.</summary>
        public bool? Promised => _asked.Count > 0
            && _asked[^1].Answer is { IsCompletedSuccessfully: true, Result.Outcome: ZoneOutcome.Done }
            ? _asked[^1].Wanted
            : null;

        public void Ask(SimFarm farm, ZoneMessage message, bool wanted) =>
            _asked.Add((farm.Region.Ask<ZoneReply>(message, TimeSpan.FromMinutes(1)), wanted));

        /// <summary>Whoever waited will hear nothing; what was answered before still counts.</summary>
        public void ProcessDied()
        {
            for (int i = 0; i < _asked.Count; i++)
            {
                if (!_asked[i].Answer.IsCompleted) _asked[i] = (Task.FromResult(new ZoneReply(Name, ZoneOutcome.Failed)), _asked[i].Wanted);
            }
        }
    }
}
