using System.Diagnostics.Metrics;

namespace Agent.Actors.Telemetry;

/// <summary>The steps of a change, each beginning where the one before it ended.</summary>
public enum ChangeStep
{
    /// <summary>From the NOTIFY at the socket until the zone has noted it.</summary>
    Intake = 0,

    /// <summary>Asking the masters for their serials, and waiting for a turn to transfer.</summary>
    Soa = 1,

    /// <summary>The transfer.</summary>
    Transfer = 2,

    /// <summary>Making the content durable.</summary>
    Journal = 3,

    /// <summary>From telling a target until it has taken the content.</summary>
    Apply = 4,

    /// <summary>From there until it was seen to serve it.</summary>
    Verify = 5,
}

/// <summary>What a change waits for outside of this program; part of the steps.</summary>
public enum ChangeWait
{
    /// <summary>A master, for its SOA.</summary>
    MasterSoa = 0,

    /// <summary>A master, for the connection and the octets of a transfer.</summary>
    MasterTransfer = 1,

    /// <summary>The journal's disk.</summary>
    Disk = 2,

    /// <summary>The disk on which a target's files lie.</summary>
    TargetDisk = 3,

    /// <summary>A target server, for the answer to a command.</summary>
    TargetServer = 4,
}

/// <summary>
/// Where the time of a change goes. The sum of the steps without the waits is our own share, so a slow master, disk or server is told from
/// a slow agent by the metrics alone.
/// </summary>
public static class ChangeMetrics
{
    private static readonly KeyValuePair<string, object?>[] StepTags =
        Tags("step", "intake", "soa", "transfer", "journal", "apply", "verify");

    private static readonly KeyValuePair<string, object?>[] WaitTags =
        Tags("for", "master-soa", "master-transfer", "disk", "target-disk", "target-server");

    /// <summary>How long each step of a change took, by step.</summary>
    public static Histogram<double> Steps { get; } = AgentMetrics.Meter.CreateHistogram<double>(
        "dnsagent_change_step_seconds", "s", "How long the steps of a change took, from NOTIFY to verified, by step.");

    /// <summary>How long changes waited for others within those steps, by whom.</summary>
    public static Histogram<double> Waits { get; } = AgentMetrics.Meter.CreateHistogram<double>(
        "dnsagent_change_wait_seconds", "s", "How long changes waited for masters, disks and servers, part of the steps.");

    /// <summary>Records a step that has ended.</summary>
    public static void Took(ChangeStep step, TimeSpan duration) => Steps.Record(duration.TotalSeconds, StepTags[(int)step]);

    /// <summary>Records a wait that has ended.</summary>
    public static void Waited(ChangeWait wait, TimeSpan duration) => Waits.Record(duration.TotalSeconds, WaitTags[(int)wait]);

    private static KeyValuePair<string, object?>[] Tags(string label, params string[] values) =>
        [.. values.Select(value => new KeyValuePair<string, object?>(label, value))];
}
