using Agent.Host.Journal.Postgres;
using Agent.Host.Journal.Sqlite;
using Agent.Host.Nodes;

namespace Agent.Host.Releases;

/// <summary>
/// Everything by which this release differs from others that may stand in one cluster with it: what the link speaks, which messages there
/// are, and how far the journal's tables have come.
/// </summary>
/// <remarks>
/// <see cref="Current"/> is never changed by the program: there is no option and no variable for it. The tests have a program of their
/// own that puts another release here before anything starts, and so stands in a cluster as the next release would.
/// </remarks>
internal sealed record AgentRelease
{
    public static AgentRelease Current { get; set; } = new();

    /// <summary>Versions of the node link.</summary>
    public ProtocolRange Link { get; init; } = new(1, 1);

    /// <summary>Kinds of messages beyond those of this release.</summary>
    public IReadOnlyList<MessageKind> MoreKinds { get; init; } = [];

    /// <summary>Fields behind those that this release knows, in every frame.</summary>
    public Action<FieldWriter>? MoreFields { get; init; }

    /// <summary>Steps of the journal in PostgreSQL.</summary>
    public IReadOnlyList<SchemaStep> Postgres { get; init; } = PostgresSchema.Steps;

    /// <summary>Steps of the journal in SQLite.</summary>
    public IReadOnlyList<SchemaStep> Sqlite { get; init; } = SqliteSchema.Steps;

    /// <summary>Begun with a node's actors, for what only that release does.</summary>
    public Action<Agent.Actors.Kernel.ActorSystem, Agent.Actors.Cluster.ClusterNode, NodeLink>? Begin { get; init; }
}
