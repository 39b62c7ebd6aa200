using System.Collections.Immutable;
using Agent.Dns.Zones;

namespace Agent.Backends.Catalog;

/// <summary>A catalog as it is published, and what led to it. Immutable.</summary>
/// <param name="Content">The whole catalog zone.</param>
/// <param name="Steps">The last steps to it in this run, the newest first; each leads to where its predecessor in the list starts.</param>
public sealed record CatalogVersion(MemoryZoneContent Content, ImmutableList<CatalogStep> Steps)
{
    private const int StepsMax = 500;
    private const long StepOctetsMax = 1 << 20;

    /// <summary>The version that follows by a step; the oldest steps are forgotten.</summary>
    internal CatalogVersion Next(MemoryZoneContent content, DifferenceSequence differences)
    {
        long id = Steps.IsEmpty ? 1 : Steps[0].Id + 1;
        ImmutableList<CatalogStep> steps = Steps.Insert(0, new CatalogStep(id, Content.Hash, content.Hash, differences));
        long octets = 0;
        int kept = 0;
        while (kept < steps.Count && kept < StepsMax && (octets += steps[kept].Differences.Octets.Length) <= StepOctetsMax) kept++;
        return new CatalogVersion(content, steps.GetRange(0, kept));
    }
}

/// <summary>What led from one version of a catalog to the next.</summary>
/// <param name="Id">Later ones are larger.</param>
/// <param name="From">The content that it starts from.</param>
/// <param name="To">The content that it leads to.</param>
/// <param name="Differences">The members that went and came.</param>
public sealed record CatalogStep(long Id, ContentHash From, ContentHash To, DifferenceSequence Differences);
