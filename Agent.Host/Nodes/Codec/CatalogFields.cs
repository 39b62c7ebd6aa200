using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Host.Nodes;

/// <summary>Catalogs, and the zones that belong to them (Agent.Actors/Zones/CatalogMessages.cs).</summary>
internal static class CatalogFields
{
    public static void Write(FieldWriter writer, ClaimZone message)
    {
        ZoneFields.Write(writer, message.Zone, message.Origin);
        writer.Nested(3, message.Owner, WriteOwner);
        writer.Flag(4, message.Adopts);
    }

    public static void Write(FieldWriter writer, ReleaseZone message)
    {
        ZoneFields.Write(writer, message.Zone, message.Origin);
        writer.Name(3, message.Catalog);
    }

    public static void Write(FieldWriter writer, GetCatalog message) => writer.Name(1, message.Zone);

    public static void Write(FieldWriter writer, ApproveCatalog message)
    {
        ZoneFields.Write(writer, message.Zone, message.Origin);
        writer.Unsigned(3, message.Serial);
    }

    public static void Write(FieldWriter writer, CatalogStatus message)
    {
        writer.Name(1, message.Name);
        writer.Text(2, message.State);
        writer.Unsigned(3, message.Serial);
        writer.Signed(4, message.Members);
        writer.Signed(5, message.Adding);
        writer.Signed(6, message.Removing);
        writer.Why(7, message.Reason);
        writer.Signed(8, message.Conflicts);
        foreach (DomainName zone in message.Added) writer.Name(9, zone);
        foreach (DomainName zone in message.Removed) writer.Name(10, zone);
        foreach (CatalogConflict conflict in message.Conflicting)
        {
            writer.Nested(11, conflict, static (inner, c) =>
            {
                inner.Name(1, c.Zone);
                inner.Why(2, c.Reason);
            });
        }
    }

    public static void WriteOwner(FieldWriter writer, ZoneOwner owner)
    {
        writer.Name(1, owner.Catalog);
        writer.Text(2, owner.Label);
        writer.Text(3, owner.Group);
        writer.Name(4, owner.NextOwner);
    }

    public static ClaimZone? ReadClaim(ref FieldReader reader)
    {
        ZoneFields.Head head = default;
        ZoneOwner? owner = null;
        bool adopts = false;
        while (reader.Next())
        {
            if (reader.Field == 3) owner = reader.Nested(ReadOwner);
            else if (reader.Field == 4) adopts = reader.Flag();
            else head.Take(ref reader);
        }
        return head.IsWhole && owner is not null ? new ClaimZone(head.Zone!, owner, adopts, head.Origin!) : null;
    }

    public static ReleaseZone? ReadRelease(ref FieldReader reader)
    {
        ZoneFields.Head head = default;
        DomainName? catalog = null;
        while (reader.Next())
        {
            if (reader.Field == 3) catalog = reader.Name();
            else head.Take(ref reader);
        }
        return head.IsWhole && catalog is not null ? new ReleaseZone(head.Zone!, catalog, head.Origin!) : null;
    }

    public static GetCatalog? ReadGet(ref FieldReader reader)
    {
        ZoneFields.Head head = default;
        while (reader.Next()) head.Take(ref reader);
        return head.Zone is null ? null : new GetCatalog(head.Zone);
    }

    public static ApproveCatalog? ReadApprove(ref FieldReader reader)
    {
        ZoneFields.Head head = default;
        uint? serial = null;
        while (reader.Next())
        {
            if (reader.Field == 3) serial = reader.UInt32();
            else head.Take(ref reader);
        }
        return head.IsWhole && serial is not null ? new ApproveCatalog(head.Zone!, serial.Value, head.Origin!) : null;
    }

    public static CatalogStatus? ReadStatus(ref FieldReader reader)
    {
        DomainName? name = null;
        string? state = null;
        uint? serial = null;
        int members = 0, adding = 0, removing = 0, conflicts = 0;
        Reason? reason = null;
        ImmutableArray<DomainName>.Builder added = ImmutableArray.CreateBuilder<DomainName>();
        ImmutableArray<DomainName>.Builder removed = ImmutableArray.CreateBuilder<DomainName>();
        ImmutableArray<CatalogConflict>.Builder conflicting = ImmutableArray.CreateBuilder<CatalogConflict>();
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: name = reader.Name(); break;
                case 2: state = reader.Text(); break;
                case 3: serial = reader.UInt32(); break;
                case 4: members = reader.Int32(); break;
                case 5: adding = reader.Int32(); break;
                case 6: removing = reader.Int32(); break;
                case 7: reason = reader.Why(); break;
                case 8: conflicts = reader.Int32(); break;
                case 9 when reader.Name() is { } zone: added.Add(zone); break;
                case 10 when reader.Name() is { } zone: removed.Add(zone); break;
                case 11 when reader.Nested(ReadConflict) is { } conflict: conflicting.Add(conflict); break;
            }
        }
        return name is null || state is null
            ? null
            : new CatalogStatus(name, state, serial, members, adding, removing, reason)
            {
                Added = added.DrainToImmutable(),
                Removed = removed.DrainToImmutable(),
                Conflicts = conflicts,
                Conflicting = conflicting.DrainToImmutable(),
            };
    }

    public static ZoneOwner? ReadOwner(ref FieldReader reader)
    {
        DomainName? catalog = null;
        string? label = null;
        string? group = null;
        DomainName? next = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: catalog = reader.Name(); break;
                case 2: label = reader.Text(); break;
                case 3: group = reader.Text(); break;
                case 4: next = reader.Name(); break;
            }
        }
        return catalog is null ? null : new ZoneOwner(catalog, label ?? "", group ?? "", next);
    }

    private static CatalogConflict? ReadConflict(ref FieldReader reader)
    {
        DomainName? zone = null;
        Reason? reason = null;
        while (reader.Next())
        {
            if (reader.Field == 1) zone = reader.Name();
            else if (reader.Field == 2) reason = reader.Why();
        }
        return zone is null || reason is null ? null : new CatalogConflict(zone, reason);
    }
}
