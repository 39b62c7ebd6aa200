using System.Diagnostics.Metrics;
using Agent.Actors.Telemetry;

namespace Agent.Host.Nodes;

/// <summary>What a link has done so far.</summary>
/// <param name="Sent">Messages put into the queue of a peer.</param>
/// <param name="Received">Messages told to the receiver.</param>
/// <param name="Dropped">Messages lost before they were sent, and such that waited for a content that did not come.</param>
/// <param name="Skipped">Frames and messages of unknown kinds that were passed over.</param>
/// <param name="Broken">Messages that could not be read.</param>
/// <param name="Refused">Peers refused, and refusals by peers.</param>
/// <param name="PullsDone">Contents fetched.</param>
/// <param name="PullsFailed">Contents that could not be fetched.</param>
public readonly record struct NodeLinkCounts(
    long Sent, long Received, long Dropped, long Skipped, long Broken, long Refused, long PullsDone, long PullsFailed);

/// <summary>What is counted of the link: for monitoring by process, and for this link. Label values come from the register of messages and
/// from fixed words.</summary>
internal sealed class NodeLinkMetrics
{
    private static readonly Counter<long> Messages = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_node_link_messages_total", description: "Messages between nodes, by direction and kind.");

    private static readonly Counter<long> Octets = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_node_link_bytes_total", "By", "Octets of frames between nodes, by direction.");

    private static readonly Counter<long> Losses = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_node_link_dropped_total", description: "Messages to and from nodes that were lost, by reason.");

    private static readonly Counter<long> Skips = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_node_link_skipped_total", description: "Frames of kinds that this version does not know.");

    private static readonly Counter<long> Refusals = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_node_link_refused_total", description: "Links refused, by side and word.");

    private static readonly UpDownCounter<long> Up = AgentMetrics.Meter.CreateUpDownCounter<long>(
        "dnsagent_node_link_up", description: "Links to other nodes that are up.");

    private static readonly Counter<long> Downs = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_node_link_down_total", description: "Links to other nodes that were up and broke.");

    private static readonly Counter<long> Pulls = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_node_link_pulls_total", description: "Contents fetched from other nodes, by result.");

    private static readonly Counter<long> PullOctets = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_node_link_pulled_bytes_total", "By", "Octets of contents fetched from other nodes.");

    private static readonly Counter<long> Served = AgentMetrics.Meter.CreateCounter<long>(
        "dnsagent_node_link_served_pulls_total", description: "Contents that other nodes asked for, by result.");

    private long _sent;
    private long _received;
    private long _dropped;
    private long _skipped;
    private long _broken;
    private long _refused;
    private long _pullsDone;
    private long _pullsFailed;

    public NodeLinkCounts Counts => new(
        Interlocked.Read(ref _sent),
        Interlocked.Read(ref _received),
        Interlocked.Read(ref _dropped),
        Interlocked.Read(ref _skipped),
        Interlocked.Read(ref _broken),
        Interlocked.Read(ref _refused),
        Interlocked.Read(ref _pullsDone),
        Interlocked.Read(ref _pullsFailed));

    /// <summary>Makes the series appear before anything has happened.</summary>
    public static void Begin()
    {
        Octets.BeginAtZero("direction", "sent", "received");
        Losses.BeginAtZero(
            "reason", "broken", "link_broke", "no_content", "no_link", "queue_full", "too_large", "unsupported", "waiting_full");
        Skips.BeginAtZero();
        Up.Add(0);
        Downs.BeginAtZero();
        Pulls.BeginAtZero("result", "done");
        PullOctets.BeginAtZero();
        Served.BeginAtZero("result", "done");
    }

    public void CountSent(object message)
    {
        Interlocked.Increment(ref _sent);
        Messages.Add(1, new("direction", "sent"), new KeyValuePair<string, object?>("kind", NodeCodec.LabelOf(message)));
    }

    public void CountReceived(object message)
    {
        Interlocked.Increment(ref _received);
        Messages.Add(1, new("direction", "received"), new KeyValuePair<string, object?>("kind", NodeCodec.LabelOf(message)));
    }

    public void CountDropped(string reason, long count = 1)
    {
        Interlocked.Add(ref _dropped, count);
        Losses.Add(count, new KeyValuePair<string, object?>("reason", reason));
    }

    public void CountBroken()
    {
        Interlocked.Increment(ref _broken);
        Losses.Add(1, new KeyValuePair<string, object?>("reason", "broken"));
    }

    public void CountSkipped()
    {
        Interlocked.Increment(ref _skipped);
        Skips.Add(1);
    }

    /// <summary>Counts a refusal: of a peer by this node, or of this node by a peer, whose word may be any.</summary>
    public void CountRefused(string? word)
    {
        Interlocked.Increment(ref _refused);
        Refusals.Add(1, new("by", word is null ? "peer" : "us"), new KeyValuePair<string, object?>("word", word ?? "peer"));
    }

    public static void CountOctetsSent(long octets) => Octets.Add(octets, new KeyValuePair<string, object?>("direction", "sent"));

    public static void CountOctetsReceived(long octets) => Octets.Add(octets, new KeyValuePair<string, object?>("direction", "received"));

    public static void LinkUp() => Up.Add(1);

    public static void LinkDown()
    {
        Up.Add(-1);
        Downs.Add(1);
    }

    /// <summary>Counts a content that came; null when it did not.</summary>
    public void CountPull(string? failure, long octets)
    {
        Interlocked.Increment(ref failure is null ? ref _pullsDone : ref _pullsFailed);
        Pulls.Add(1, new KeyValuePair<string, object?>("result", failure ?? "done"));
        PullOctets.Add(octets);
    }

    public static void CountServed(string result) => Served.Add(1, new KeyValuePair<string, object?>("result", result));
}
