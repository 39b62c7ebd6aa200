using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Host.Journal;

/// <summary>A journal as the process holds it: the port of the actors, and what composition needs beside it.</summary>
public interface INodeJournal : IJournal, IDisposable
{
    /// <summary>Larger at each start than at any before, on whatever node. For an agent that stands alone it is the epoch of every
    /// shard; in a cluster epochs come from the coordination, and this is the number of the run.</summary>
    long Epoch { get; }

    /// <summary>Completes when another agent has taken the whole journal over, or when the store has lost what it had confirmed: from then
    /// on nothing is written any more. A shard that is lost by itself is told where it is written for.</summary>
    Task<Reason> Fenced { get; }

    /// <summary>Whether the next start goes on from what is there, once nothing is written any more: so it is when the store itself has
    /// lost what it had confirmed. Two agents that take the journal from each other would do so for ever.</summary>
    bool MayOpenAgain { get; }

    /// <summary>What led from content to content, for those who transfer zones from here.</summary>
    IDifferenceHistory Differences { get; }

    /// <summary>Names of the zones that targets serve: wanted, with content, and no catalogs.</summary>
    /// <exception cref="IOException">The journal could not be read.</exception>
    Task<ImmutableArray<DomainName>> ReadWantedNamesAsync();
}
