using System.Text.Json.Serialization;
using Agent.Actors.Backends;
using Agent.Actors.Sweeps;

namespace Agent.Host.Web;

/// <summary>A zone that a server has otherwise than wanted, as JSON.</summary>
/// <param name="Kind"><c>missing</c>, <c>older-serial</c>, <c>newer-serial</c>, <c>content</c> or
/// <c>settings</c>.</param>
/// <param name="Proof">By what the records were compared: <c>digest</c> or <c>sample</c>; null where they were not.</param>
/// <param name="ForeignCount">Records that the server has and that are not wanted; of a sample those in the sample.</param>
/// <param name="MissingCount">Records that are wanted and that the server does not have.</param>
/// <param name="Foreign">The first of those, as lines of a master file.</param>
/// <param name="Missing">The first of these.</param>
/// <param name="State"><c>reported</c>, <c>repairing</c> or <c>repaired</c>.</param>
public sealed record DriftModel(
    string Zone,
    string Kind,
    uint WantedSerial,
    uint? ServedSerial,
    string? Proof,
    long? ForeignCount,
    long? MissingCount,
    IReadOnlyList<string> Foreign,
    IReadOnlyList<string> Missing,
    string State,
    DateTimeOffset FoundAt,
    DateTimeOffset? RepairedAt)
{
    /// <summary>In what the server's settings of the zone differ; null where they do not.</summary>
    public string? Settings { get; init; }

    internal static DriftModel Of(DriftFinding finding) => new(
        finding.Zone.ToString(),
        Words.Of(finding.Kind),
        finding.WantedSerial,
        finding.ServedSerial,
        finding.Difference?.Proof.ToString().ToLowerInvariant(),
        finding.Difference?.ForeignCount,
        finding.Difference?.MissingCount,
        finding.Difference?.Foreign ?? [],
        finding.Difference?.Missing ?? [],
        finding.RepairedAt is not null ? "repaired" : finding.IsRepairing ? "repairing" : "reported",
        finding.FoundAt,
        finding.RepairedAt)
    {
        Settings = finding.Settings,
    };
}

/// <summary>What is known of changes by others at one target, as JSON.</summary>
/// <param name="Node">Who holds the target; where that is not the node that was asked, the one to ask.</param>
/// <param name="Rule"><c>off</c>, <c>report</c>, <c>repair</c> or <c>adopt</c>; null where another node holds the target.</param>
/// <param name="State">How far the look at the contents is: <c>waiting</c>, <c>sweeping</c>, <c>swept</c>, <c>off</c>, <c>away</c>,
/// <c>failed</c>, or <c>elsewhere</c>.</param>
/// <param name="Looked">Zones looked at in the present sweep over contents, or the last one.</param>
/// <param name="SweptAt">When the last whole one ended.</param>
/// <param name="Drift">Zones that differ, in order of name.</param>
/// <param name="Further">Zones that differ and are not named.</param>
/// <param name="Repaired">Zones that were put right, the latest first.</param>
/// <param name="Reason">Why the last comparison of a content came to nothing.</param>
public sealed record TargetDriftModel(
    string Target,
    string Node,
    string? Rule,
    string State,
    long Looked,
    DateTimeOffset? SweptAt,
    IReadOnlyList<DriftModel> Drift,
    int Further,
    IReadOnlyList<DriftModel> Repaired,
    ReasonModel? Reason)
{
    private const string Elsewhere = "elsewhere";

    /// <summary>Another node holds the target, and knows.</summary>
    [JsonIgnore]
    public bool IsElsewhere => State == Elsewhere;

    internal static TargetDriftModel Of(
        TargetDrift drift, TargetStatus status, ContentSweep? sweep, (string Name, string Node) place) => new(
        place.Name,
        place.Node,
        status.Drift?.ToString().ToLowerInvariant(),
        drift.IsElsewhere ? Elsewhere : sweep?.State ?? "waiting",
        sweep?.Looked ?? 0,
        sweep?.SweptAt,
        [.. drift.Standing.Select(DriftModel.Of)],
        drift.Further,
        [.. drift.Repaired.Select(DriftModel.Of)],
        ReasonModel.Of(drift.Obstacle, null));
}

/// <summary>What is known of changes by others at all targets, as JSON.</summary>
public sealed record DriftListModel(IReadOnlyList<TargetDriftModel> Targets);
