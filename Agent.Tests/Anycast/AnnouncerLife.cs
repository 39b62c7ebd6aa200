using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Tests.Simulation.Cluster;

namespace Agent.Tests.Anycast;

/// <summary>
/// Some nodes behind one address, over the store of the simulation with all its faults: their servers fall behind and go away, operators
/// drain them, they crash and stand still. No leave may be given to the last announcer, and the address is never without one for long
/// while a node lives; when all faults are over all of them announce.
/// </summary>
internal sealed class AnnouncerLife
{
    /// <summary>A start, the delays of the policy, and a lease of the dead.</summary>
    private static readonly TimeSpan SilentMax = TimeSpan.FromSeconds(100);

    private static readonly TimeSpan ComesLevelWithin = TimeSpan.FromMinutes(5);
    private static readonly double[] BreakChances = [0, 0, 0.0005, 0.005];

    private readonly KernelRandom _random;
    private readonly SimNodeChaos _chaos;
    private TimeSpan _lastServed;

    private AnnouncerLife(ulong seed, SimOptions options)
    {
        Sim = new SimScheduler(seed, options) { EndsRun = static cause => cause is Xunit.Sdk.XunitException };
        FaultLog log = new(Sim);
        KernelRandom draw = Sim.Faults.Fork();
        _random = Sim.Faults.Fork();
        Times = new LeaseTimes(TimeSpan.FromSeconds(8 + draw.Next(8)));
        Store = new SimClusterStore(Sim, log, StoreFaults.Swarm(draw), (draw.NextDouble() - 0.5) * 2000);
        for (int i = 1; i <= 2 + draw.Next(3); i++) Nodes.Add(new AnnouncerNode(this, Sim.CreateNode($"n{i}", NodeFaults.DrawClock(draw))));
        _chaos = new SimNodeChaos(
            Sim, log, NodeFaults.Swarm(draw), [.. Nodes.Select(n => n.Node)], started => Nodes.Find(n => n.Node == started)!.Start());
        Sim.ActorBreakChance = BreakChances[draw.Next(BreakChances.Length)];
        Store.State.Changed += See;
        Sim.AddInvariant("somebody announces while a node lives", SomebodyAnnounces);
        foreach (AnnouncerNode node in Nodes) node.Start();
    }

    public SimScheduler Sim { get; }

    public LeaseTimes Times { get; }

    public ClusterKeys Keys { get; } = new("sim");

    public SimClusterStore Store { get; }

    public List<AnnouncerNode> Nodes { get; } = [];

    public static ulong Live(ulong seed, SimOptions options)
    {
        AnnouncerLife life = new(seed, options);
        for (int act = 0; act < 40; act++)
        {
            life.Sim.RunFor(life._random.NextTimeSpan(TimeSpan.FromSeconds(life._random.Chance(0.2) ? 40 : 5)));
            life.Act();
        }

        life.Heal();
        if (!life.Sim.RunUntil(life.IsLevel, ComesLevelWithin)) Assert.Fail($"not all announce: {life.Describe()}");
        return life.Sim.Unseed;
    }

    private void Act()
    {
        AnnouncerNode node = Nodes[_random.Next(Nodes.Count)];
        switch (_random.Next(10))
        {
            case < 3: node.OwesSince = node.OwesSince is null ? Sim.Now : null; break;
            case 3: foreach (AnnouncerNode all in Nodes) all.OwesSince ??= Sim.Now; break;
            case 4: foreach (AnnouncerNode all in Nodes) all.OwesSince = null; break;
            case 5: node.IsServerUp = !node.IsServerUp; break;
            case 7:
                bool isLeaving = _random.Chance(0.5);
                foreach (AnnouncerNode all in Nodes) all.Drain(isLeaving);
                break;
            case 6: node.IsStuck = _random.Chance(0.3); break;
            default: node.Drain(_random.Chance(0.4)); break;
        }
    }

    private void Heal()
    {
        _chaos.End();
        Store.Heal();
        Sim.ActorBreakChance = 0;
        Sim.AreFaultsOver = true;
        foreach (AnnouncerNode node in Nodes)
        {
            (node.OwesSince, node.IsServerUp, node.IsStuck) = (null, true, false);
            node.Drain(false);
        }
    }

    private bool IsLevel() => Nodes.TrueForAll(node => node.IsAttracting && node.Metric == 0);

    /// <summary>
    /// A node whose routes still stand writes that it goes: that is a leave, and somebody else stands there in the same revision. A lease
    /// that ends is none, nor what a node writes that has just been stuck, stood still or died.
    /// </summary>
    private void See(StoreRevision revision)
    {
        string prefix = Keys.Announcer("");
        foreach (StoreChange change in revision.Changes)
        {
            if (!change.Key.StartsWith(prefix, StringComparison.Ordinal) || change.Entry is not { } entry) continue;
            AnnouncerRecord record = ClusterRecords.Read<AnnouncerRecord>(entry.Value)!;
            AnnouncerNode node = Nodes.Find(n => n.Name == record.Node)!;
            if (record.IsAnnounced || !node.IsAttracting || node.WentUnasked) continue;
            bool others = Store.State.Read(prefix)
                .Any(e => e.Key != change.Key && ClusterRecords.Read<AnnouncerRecord>(e.Value)!.IsAnnounced);
            if (!others) Assert.Fail($"the last announcer was given leave: {Describe()}");
        }
    }

    private void SomebodyAnnounces()
    {
        if (Nodes.Exists(n => n.IsAttracting) || !Nodes.Exists(n => n.HasBeenWell(SilentMax))) _lastServed = Sim.Now;
        if (Sim.Now - _lastServed > SilentMax) Assert.Fail(Describe());
    }

    private string Describe() => string.Join("; ", Nodes.Select(n => n.Describe()));
}
