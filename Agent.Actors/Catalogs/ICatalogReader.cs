using Agent.Actors.Kernel;
using Agent.Dns.Catalogs;
using Agent.Dns.Zones;

namespace Agent.Actors.Catalogs;

/// <summary>The port to contents that may lie on a disk or in a database.</summary>
public interface ICatalogReader
{
    /// <summary>Reads a catalog zone; answered by <see cref="CatalogRead"/> or <see cref="CatalogNotRead"/>.</summary>
    void Read(ZoneContent content, int membersMaximum, ReplyTo replyTo);
}

/// <summary>The catalog as it was read.</summary>
public sealed record CatalogRead(ContentHash Content, CatalogReading Reading);

/// <summary>The content is not to be had now.</summary>
public sealed record CatalogNotRead(ContentHash Content, string Problem);
