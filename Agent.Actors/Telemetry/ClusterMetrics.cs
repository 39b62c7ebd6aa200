using System.Diagnostics.Metrics;

namespace Agent.Actors.Telemetry;

/// <summary>What became of a message on its way to another node.</summary>
public enum RoutedFate
{
    /// <summary>Sent to the owner for the first time, or to another one than before.</summary>
    Sent = 0,

    /// <summary>Sent once more, since nothing was heard.</summary>
    SentAgain = 1,

    /// <summary>The node that was believed to be the owner is not.</summary>
    Refused = 2,

    /// <summary>Its time was over before there was an answer.</summary>
    Expired = 3,
}

/// <summary>What is counted of messages between the nodes of a cluster and their zones.</summary>
public static class ClusterMetrics
{
    private static readonly KeyValuePair<string, object?>[] FateTags =
        [new("fate", "sent"), new("fate", "sent-again"), new("fate", "refused"), new("fate", "expired")];

    /// <summary>Messages that wait for an owner, or for its answer.</summary>
    public static UpDownCounter<long> RequestsWaiting { get; } = AgentMetrics.Meter.CreateUpDownCounter<long>(
        "dnsagent_requests_waiting", description: "Messages for zones that wait for an owner or for its answer.");

    /// <summary>Messages for zones of other nodes, by what became of them.</summary>
    public static Counter<long> Routed { get; } = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_routed_messages_total", description: "Messages for zones on their way to the owner, by what became of them.");

    /// <summary>Shards that have got another owner than before.</summary>
    public static Counter<long> OwnerChanges { get; } = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_shard_owner_changes_total", description: "Shards that were seen to get another owner.");

    /// <summary>Makes the series appear before anything has happened, so that an alarm on them is never without data.</summary>
    public static void Begin()
    {
        RequestsWaiting.Add(0);
        OwnerChanges.Add(0);
        foreach (KeyValuePair<string, object?> fate in FateTags) Routed.Add(0, fate);
    }

    internal static void Count(RoutedFate fate) => Routed.Add(1, FateTags[(int)fate]);
}
