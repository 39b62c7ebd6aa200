using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Host.Journal;

/// <summary>A journal as the process holds it: the port of the actors, and what composition needs beside it.</summary>
public interface INodeJournal : IJournal, IDisposable
{
    /// <summary>Larger at each start than at any before, on whatever node.</summary>
    long Epoch { get; }

    /// <summary>Completes when another agent has taken the journal over: from then on nothing is written any more.</summary>
    Task<Reason> Fenced { get; }

    /// <summary>Names of the zones that are wanted and have content.</summary>
    /// <exception cref="IOException">The journal could not be read.</exception>
    Task<ImmutableArray<DomainName>> ReadWantedNamesAsync();
}
