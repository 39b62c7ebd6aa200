using Agent.Actors.Backends;
using Agent.Backends.PowerDns;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.PowerDnsSql;

/// <summary>Brings the rows of one zone to a content, within a transaction: by a change where one is known to lead there from what they
/// are, else by comparing them all.</summary>
/// <param name="tables">The open transaction.</param>
/// <param name="kind">What the zone shall be.</param>
/// <param name="cancellation">Ends it.</param>
internal sealed class ZoneWriter(ZoneTables tables, string kind, CancellationToken cancellation)
{
    /// <summary>True when the zone was made, and what was written.</summary>
    /// <param name="order">The content.</param>
    /// <param name="chain">Of a content that its master has signed.</param>
    /// <param name="before">What the rows were left at; null when that is not known, or not to be relied on.</param>
    public async Task<(bool IsNew, WrittenZone Written)> WriteAsync(ApplyZone order, MasterChain? chain, WrittenZone? before)
    {
        string name = TableName.Of(order.Zone.Wire);
        (long? found, string kindBefore) = await tables.FindAsync(name, cancellation);
        long id = found ?? await tables.CreateAsync(name, kind, cancellation);
        if (found is not null && kindBefore != kind)
            await tables.SetKindAsync(id, kind, cancellation);
        DenialOrder denial = await SettleAsync(order.Zone, id, chain);
        int? emptyNames = found is not null && before is not null && RowChange.Of(order, before, denial, chain) is { } change
            ? await TryChangeAsync(id, change) : null;
        emptyNames ??= await CompareAsync(order, id, found is null, ZoneShape.Of(order.Content, denial, chain));
        return (found is null, new WrittenZone(order.Content.Hash, denial, emptyNames.Value));
    }

    /// <summary>Null when the rows at those names are not what they were left at; nothing is written then.</summary>
    private async Task<int?> TryChangeAsync(long id, RowChange change)
    {
        List<long> gone = [];
        await foreach ((long row, RecordRow? have) in tables.RowsAtAsync(id, change.Names, cancellation))
        {
            if (have?.Digest() is not { } digest || !change.Before.Take(digest))
                return null;
            if (change.Gone.Take(digest))
                gone.Add(row);
        }

        if (change.Before.Count > 0)
            return null;
        await tables.DeleteRowsAsync(gone, cancellation);
        await tables.InsertRowsAsync(id, change.Added, cancellation);
        return change.EmptyNames;
    }

    private async Task<int> CompareAsync(ApplyZone order, long id, bool isNew, ZoneShape shape)
    {
        Dictionary<UInt128, int> missing = [];
        foreach (RecordRow row in ZoneRows.Of(order.Content, shape))
            missing.Put(row.Digest());
        List<long> surplus = [];
        if (!isNew)
        {
            await foreach ((long row, RecordRow? have) in tables.RowsAsync(id, cancellation))
            {
                if (have is null || !missing.Take(have.Digest()))
                    surplus.Add(row);
            }
        }

        await tables.DeleteRowsAsync(surplus, cancellation);
        if (missing.Count > 0)
        {
            await tables.InsertRowsAsync(
                id, ZoneRows.Of(order.Content, shape).Where(row => missing.Take(row.Digest())), cancellation);
        }

        return shape.EmptyCount;
    }

    /// <summary>Sets what keeps the serial that of the master, and says who has signed; finds out how the zone denies.</summary>
    private async Task<DenialOrder> SettleAsync(DomainName zone, long id, MasterChain? chain)
    {
        Dictionary<string, string> metadata = await tables.MetadataAsync(id, cancellation);
        await SetAsync("SOA-EDIT", "NONE");
        if (chain is not null || metadata.ContainsKey("PRESIGNED"))
        {
            // Of a zone that is not signed any more the parameters were the master's.
            await SetAsync("PRESIGNED", chain is null ? null : "1");
            await SetAsync("NSEC3PARAM", chain?.Order.Parameters);
            await SetAsync("NSEC3NARROW", null);
        }

        if (chain is not null)
            return chain.Order;
        if (!await tables.IsSignedAsync(id, cancellation))
            return DenialOrder.None;
        string? parameters = metadata.GetValueOrDefault("NSEC3PARAM");
        return DenialOrder.Read(parameters, metadata.GetValueOrDefault("NSEC3NARROW") == "1")
            ?? throw BackendException.Refused($"the NSEC3PARAM metadata of {zone} cannot be read: {parameters}");

        async Task SetAsync(string kind, string? content)
        {
            if (metadata.GetValueOrDefault(kind) == content)
                return;
            await tables.SetMetadataAsync(id, kind, content, cancellation);
            metadata.Remove(kind);
            if (content is not null)
                metadata.Add(kind, content);
        }
    }
}
