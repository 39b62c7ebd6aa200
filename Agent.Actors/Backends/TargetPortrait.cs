using System.Collections.Immutable;
using Agent.Actors.Reasons;

namespace Agent.Actors.Backends;

/// <summary>What does not change often of a target: so the other nodes are told it, and can say it wherever they are asked.</summary>
/// <param name="Driver">Its driver.</param>
/// <param name="Server">Who the server says by DNS that it is; null when it does not tell.</param>
/// <param name="Controlled">The software of the server that the control channel reaches; null when it does not tell.</param>
/// <param name="Limits">What the server can hold.</param>
/// <param name="Features">What can be done with the target.</param>
/// <param name="Doubt">Why what is seen there proves nothing; null when nothing is in doubt.</param>
public sealed record TargetPortrait(
    string Driver, ServerName? Server, string? Controlled, ZoneLimits Limits, ImmutableArray<string> Features, Reason? Doubt)
{
    /// <summary>Of the target's own words about itself; null of one that another node holds.</summary>
    public static TargetPortrait? Of(TargetStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        return status.Listing is null || status.Limits is null
            ? null
            : new TargetPortrait(
                status.Driver, status.Server, status.Controlled, status.Limits, status.Features, status.Healthy ? status.Reason : null);
    }

    /// <inheritdoc/>
    public bool Equals(TargetPortrait? other) => other is not null
        && (Driver, Server, Controlled, Limits, Doubt) == (other.Driver, other.Server, other.Controlled, other.Limits, other.Doubt)
        && Features.SequenceEqual(other.Features, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Driver, Server, Controlled, Limits, Doubt, Features.Length);
}
