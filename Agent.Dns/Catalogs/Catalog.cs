using System.Collections.Immutable;
using Agent.Dns.Wire;

namespace Agent.Dns.Catalogs;

/// <summary>What a catalog zone says, as far as a consumer needs it.</summary>
/// <param name="Name">Apex of the catalog zone.</param>
/// <param name="Version">1 or 2; the first knows no properties.</param>
/// <param name="Members">The member zones, each once.</param>
public sealed record Catalog(DomainName Name, int Version, ImmutableArray<CatalogMember> Members);

/// <summary>A member zone with its properties.</summary>
/// <param name="Zone">The member zone.</param>
/// <param name="Label">The label below <c>zones</c> that stands for it, folded and in presentation form; another one for the same zone
/// asks consumers to forget what they hold of it (RFC 9432 section 5.4).</param>
/// <param name="Groups">Values of its <c>group</c> property, in order.</param>
/// <param name="NextOwner">The catalog that may take it over: its <c>coo</c> property; null when there is none.</param>
public sealed record CatalogMember(DomainName Zone, string Label, ImmutableArray<string> Groups, DomainName? NextOwner);

/// <summary>What became of reading a catalog: exactly one of the two is there.</summary>
/// <param name="Catalog">The catalog; null when it must not be processed.</param>
/// <param name="Problem">A sentence that says why not; null when all is well.</param>
public sealed record CatalogReading(Catalog? Catalog, string? Problem);
