namespace Agent.Bench.Chaos;

/// <summary>
/// The faults of a round, drawn from its seed and from nothing else. Several may hold at a time, but never two of which one would undo the
/// other: each holds what it hits for itself, and some time longer for the repair.
/// </summary>
public static class ChaosSchedule
{
    private const int DrawsMax = 200;

    private static readonly TimeSpan Repair = TimeSpan.FromSeconds(2);
    private static readonly FaultKind[] Kinds = Enum.GetValues<FaultKind>();

    /// <summary>Names of the agents.</summary>
    public static IReadOnlyList<string> Agents { get; } = ["n1", "n2", "n3"];

    /// <summary>Names of the members of etcd.</summary>
    public static IReadOnlyList<string> Members { get; } = ["m1", "m2", "m3"];

    /// <summary>The two places of PostgreSQL; which of them holds the primary changes.</summary>
    public static IReadOnlyList<string> Databases { get; } = ["pg1", "pg2"];

    /// <summary>How long the load runs; every fault ends before.</summary>
    public static TimeSpan LoadDuration { get; } = TimeSpan.FromSeconds(12);

    /// <summary>The faults of this seed, by their start.</summary>
    public static IReadOnlyList<Fault> Draw(int seed)
    {
        Random random = new(seed);
        int count = random.Next(3, 8);
        List<Fault> faults = [];
        for (int draw = 0; draw < DrawsMax && faults.Count < count; draw++)
        {
            Fault fault = DrawOne(random);
            if (!faults.Exists(other => Collide(fault, other))) faults.Add(fault);
        }

        return [.. faults.OrderBy(fault => fault.Start)];
    }

    /// <summary>Everything that a fault needs for itself while it holds.</summary>
    public static IReadOnlyList<string> Holds(Fault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        return fault.Kind switch
        {
            FaultKind.AllAgentsRestarted => Agents,
            FaultKind.EtcdKilled or FaultKind.EtcdLeaderKilled or FaultKind.EtcdLeaderStopped or FaultKind.EtcdSilent => ["etcd"],
            FaultKind.PrimaryKilled or FaultKind.PrimaryStopped or FaultKind.StandbyPromoted or FaultKind.StandbyStopped => ["database"],
            FaultKind.LaggingStandbyPromoted => ["database", $"{Databases[0]}>{Databases[1]}", $"{Databases[1]}>{Databases[0]}"],
            FaultKind.LinkCutOneWay => [$"{fault.Victim}>{fault.Peer}"],
            FaultKind.LinkCutBothWays => [$"{fault.Victim}>{fault.Peer}", $"{fault.Peer}>{fault.Victim}"],
            _ => [fault.Victim],
        };
    }

    private static bool Collide(Fault one, Fault other) =>
        one.Start < other.End + Repair && other.Start < one.End + Repair && Holds(one).Intersect(Holds(other)).Any();

    private static Fault DrawOne(Random random)
    {
        FaultKind kind = Kinds[random.Next(Kinds.Length)];
        (string victim, string peer) = Place(kind, random);
        double duration = random.Next(3) == 0 ? random.Next(3000, 7000) : random.Next(200, 3000);
        double start = random.Next(500, (int)(LoadDuration.TotalMilliseconds - duration));
        return new Fault(kind, victim, peer, TimeSpan.FromMilliseconds(start), TimeSpan.FromMilliseconds(duration));
    }

    private static (string Victim, string Peer) Place(FaultKind kind, Random random) => kind switch
    {
        FaultKind.AgentKilled or FaultKind.AgentEnded or FaultKind.AgentStopped or FaultKind.AgentUnplugged => (One(Agents, random), ""),
        FaultKind.EtcdKilled => (One(Members, random), ""),
        FaultKind.BindKilled or FaultKind.BindStopped => ("bind", ""),
        FaultKind.KnotKilled or FaultKind.KnotStopped => ("knot", ""),
        FaultKind.MasterKilled => ("master", ""),
        FaultKind.LinkCutOneWay => OneWay(random),
        FaultKind.LinkCutBothWays => Link(random),
        _ => ("", ""),
    };

    private static (string Sender, string Receiver) OneWay(Random random)
    {
        // The master lives in this process: only what the agents send to it can be lost.
        if (random.Next(8) == 0) return (One(Agents, random), "master");
        (string sender, string receiver) = Link(random);
        return random.Next(2) == 0 ? (sender, receiver) : (receiver, sender);
    }

    private static (string One, string Other) Link(Random random)
    {
        string agent = One(Agents, random);
        return random.Next(7) switch
        {
            0 or 1 => TwoOf(Agents, random),
            2 => (agent, One(Members, random)),
            3 => (agent, One(Databases, random)),
            4 => (agent, random.Next(2) == 0 ? "bind" : "knot"),
            5 => TwoOf(Members, random),
            _ => (Databases[0], Databases[1]),
        };
    }

    private static string One(IReadOnlyList<string> names, Random random) => names[random.Next(names.Count)];

    private static (string One, string Other) TwoOf(IReadOnlyList<string> names, Random random)
    {
        string one = One(names, random);
        return (one, One([.. names.Where(name => name != one)], random));
    }
}
