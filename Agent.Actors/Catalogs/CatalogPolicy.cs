using System.Collections.Immutable;
using Agent.Dns.Catalogs;
using Agent.Dns.Wire;

namespace Agent.Actors.Catalogs;

/// <summary>How a catalog is consumed.</summary>
/// <param name="Name">The catalog zone.</param>
public sealed record CatalogPolicy(DomainName Name)
{
    /// <summary>Groups that mean something here. Of a member's groups the first of these in order counts, the others are passed
    /// over.</summary>
    public ImmutableHashSet<string> Groups { get; init; } = [];

    /// <summary>Also takes over zones that a control message created.</summary>
    public bool Adopts { get; init; }

    /// <summary>Removals that are more than this share of the members wait for approval; 100: none does.</summary>
    public int RemovalPercent { get; init; } = 20;

    /// <summary>The share counts from so many removals on. That all of several go at once counts in any case: it is rarely
    /// meant.</summary>
    public int RemovalMinimum { get; init; } = 10;

    /// <summary>More removals at once than this wait whatever the share; 0: no bound.</summary>
    public int RemovalMaximum { get; init; } = 1000;

    /// <summary>A catalog with more members than this is broken.</summary>
    public int MembersMaximum { get; init; } = 1_000_000;

    /// <summary>Members that are claimed or released at a time.</summary>
    public int Concurrent { get; init; } = 64;

    /// <summary>What failed is tried again after this, and doubled up to <see cref="RetryMaximum"/>.</summary>
    public TimeSpan RetryMinimum { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest time between two tries. A catalog at rest is compared with its zones as often.</summary>
    public TimeSpan RetryMaximum { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The member as it is wanted here.</summary>
    public CatalogEntry EntryOf(CatalogMember member)
    {
        ArgumentNullException.ThrowIfNull(member);
        return new CatalogEntry(member.Zone, member.Label, member.Groups.FirstOrDefault(Groups.Contains) ?? "", member.NextOwner);
    }

    /// <summary>Whether so many removals wait for an operator.</summary>
    /// <param name="removals">Zones that the catalog has and drops.</param>
    /// <param name="held">Zones that it has.</param>
    public bool Stops(int removals, int held)
    {
        bool isMany = RemovalMaximum > 0 && removals > RemovalMaximum;
        bool isLargeShare = removals >= RemovalMinimum && removals * 100L > held * (long)RemovalPercent;
        bool isAll = removals == held && held > 1;
        return isMany || ((isLargeShare || isAll) && RemovalPercent < 100);
    }
}
