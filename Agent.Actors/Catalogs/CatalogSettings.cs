using System.Collections.Immutable;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;

namespace Agent.Actors.Catalogs;

/// <summary>What all catalogs of a node share.</summary>
/// <param name="Policies">The catalogs of the configuration; their settings may change, their names do not.</param>
/// <param name="Journal">The node's journal writer.</param>
/// <param name="Reader">Reads their contents.</param>
public sealed record CatalogSettings(
    CatalogPolicyHolder Policies, IActorRef Journal, ICatalogReader Reader)
{
    /// <summary>All catalogs of the configuration.</summary>
    public ImmutableHashSet<DomainName> Names { get; } = [.. Policies.Current.Keys];
}

/// <summary>Holds how catalogs are consumed, which can change while the agent runs; each round of a catalog begins with what it is
/// then.</summary>
/// <remarks>Any thread.</remarks>
public sealed class CatalogPolicyHolder(ImmutableDictionary<DomainName, CatalogPolicy> policies)
{
    private volatile ImmutableDictionary<DomainName, CatalogPolicy> _current = policies;

    /// <summary>The settings of each catalog as they are now.</summary>
    public ImmutableDictionary<DomainName, CatalogPolicy> Current
    {
        get => _current;
        set => _current = value;
    }
}

/// <summary>Published when settings of catalogs changed.</summary>
public sealed record CatalogPoliciesChanged;
