using Agent.Actors.Catalogs;
using Agent.Actors.Kernel;
using Agent.Dns.Catalogs;
using Agent.Dns.Zones;
using Agent.Host.Journal;

namespace Agent.Host.Catalogs;

/// <summary>Reads catalogs on the thread pool.</summary>
internal sealed class CatalogContentReader : ICatalogReader
{
    /// <inheritdoc/>
    public void Read(ZoneContent content, int membersMaximum, ReplyTo replyTo) => _ = Task.Run(() =>
    {
        try
        {
            replyTo.Tell(new CatalogRead(content.Hash, CatalogReader.Read(content, membersMaximum)));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or System.Data.Common.DbException
            or ContentNotKeptException or TimeoutException)
        {
            replyTo.Tell(new CatalogNotRead(content.Hash, failure.Message));
        }
    });
}
