using System.Collections.Immutable;
using Agent.Dns.Wire;

namespace Agent.Actors.Backends;

/// <summary>
/// Published by a target of the whole farm that ends on this node, because another holds it from now on: these zones may still be changed,
/// or may have been since, by what was ordered here. A node that stood still behind an order gives it long after its successor has looked.
/// </summary>
/// <param name="Target">Name of the target.</param>
/// <param name="Changes">What was under way, or ended while nobody could say whether this node still held the target.</param>
public sealed record ChangesLeftBehind(string Target, ImmutableArray<LeftChange> Changes);

/// <summary>A change that may take effect late.</summary>
/// <param name="Zone">Which zone.</param>
/// <param name="Brings">The server is to have the zone by it.</param>
public readonly record struct LeftChange(DomainName Zone, bool Brings);
