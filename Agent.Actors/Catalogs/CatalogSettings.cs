using System.Collections.Immutable;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;

namespace Agent.Actors.Catalogs;

/// <summary>What all catalogs of a node share.</summary>
/// <param name="Policies">The catalogs of the configuration.</param>
/// <param name="Journal">The node's journal writer.</param>
/// <param name="Reader">Reads their contents.</param>
public sealed record CatalogSettings(
    ImmutableDictionary<DomainName, CatalogPolicy> Policies, IActorRef Journal, ICatalogReader Reader)
{
    /// <summary>All catalogs of the configuration.</summary>
    public ImmutableHashSet<DomainName> Names { get; } = [.. Policies.Keys];
}
