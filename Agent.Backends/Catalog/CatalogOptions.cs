using System.Net;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;

namespace Agent.Backends.Catalog;

/// <summary>Settings of the driver <c>catalog</c>.</summary>
/// <param name="Name">Apex of the catalog zone, the same at all consumers.</param>
/// <param name="Consumers">The servers that read it; at least one.</param>
/// <param name="Folder">Where the catalog is kept between runs; it exists.</param>
public sealed record CatalogOptions(DomainName Name, IReadOnlyList<CatalogConsumer> Consumers, string Folder)
{
    /// <summary>So many consumers must serve a change before it counts as served; 0: all.</summary>
    public int Quorum { get; init; }

    /// <summary>Names the zones that belong to the target by what the journal says; asked once, before anything is published.</summary>
    public required Func<CancellationToken, Task<IReadOnlyCollection<DomainName>>> ReadWanted { get; init; }

    /// <summary>The quorum as a number of consumers.</summary>
    internal int Required => Quorum == 0 ? Consumers.Count : Quorum;
}

/// <summary>A server that reads the catalog.</summary>
/// <param name="Server">Where it answers DNS and hears NOTIFY.</param>
/// <param name="Key">Gives the key that NOTIFY to it is signed with, as it stands at that time; null: unsigned.</param>
public sealed record CatalogConsumer(EndPoint Server, Func<TsigKey>? Key = null);
