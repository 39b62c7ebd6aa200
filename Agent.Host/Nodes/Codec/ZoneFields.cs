using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Backends;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Nodes;

/// <summary>Requests to a zone and questions to shards (Agent.Actors/Zones/ZoneMessages.cs).</summary>
/// <remarks><see cref="NotifyZone.ReceivedAt"/> is of one node's clock and stays there, and so does the scope of an address.</remarks>
internal static class ZoneFields
{
    public static void Write(FieldWriter writer, CreateZone message) => Write(writer, message.Zone, message.Origin);

    public static void Write(FieldWriter writer, DeleteZone message)
    {
        Write(writer, message.Zone, message.Origin);
        if (message.Force) writer.Flag(3, true);
    }

    public static void Write(FieldWriter writer, NotifyZone message)
    {
        Write(writer, message.Zone, message.Origin);
        if (message.Notifier is not null) writer.Octets(3, message.Notifier.GetAddressBytes());
        writer.Unsigned(4, message.SerialHint);
    }

    public static void Write(FieldWriter writer, RefreshZone message)
    {
        Write(writer, message.Zone, message.Origin);
        writer.Flag(3, message.Force);
    }

    public static void Write(FieldWriter writer, DecideCandidate message)
    {
        Write(writer, message.Zone, message.Origin);
        writer.Flag(3, message.Approve);
        writer.Unsigned(4, message.Serial);
        CandidateFields.WriteHash(writer, 5, message.Hash);
    }

    public static void Write(FieldWriter writer, GetZone message) => writer.Name(1, message.Zone);

    public static void Write(FieldWriter writer, GetZoneContent message)
    {
        writer.Name(1, message.Zone);
        if (message.OfCandidate) writer.Flag(3, true);
    }

    public static void Write(FieldWriter writer, ListZones message)
    {
        writer.Text(1, message.Prefix);
        writer.Text(2, message.State);
        writer.Name(3, message.After);
        writer.Signed(4, message.Limit);
        if (message.OrphansOnly) writer.Flag(5, true);
    }

    public static void Write(FieldWriter writer, LookAtTarget message)
    {
        writer.Name(1, message.Zone);
        writer.Text(3, message.Target);
        if (message.Depth != LookDepth.Serial) writer.Unsigned(4, (ulong)message.Depth);
        if (message.MayBeLeftover) writer.Flag(5, true);
    }

    public static void Write(FieldWriter writer, RemoveOrphan message) => Write(writer, message.Zone, message.Origin);

    public static void Write(FieldWriter writer, UndeleteZone message) => Write(writer, message.Zone, message.Origin);

    /// <summary>Has no fields.</summary>
    public static void Write(FieldWriter writer, CountZones message)
    {
    }

    public static void Write(FieldWriter writer, CountProven message)
    {
        writer.Signed(1, message.Round);
        if (message.Targets.IsDefault) return;
        foreach (string target in message.Targets) writer.Text(2, target);
    }

    public static CreateZone? ReadCreate(ref FieldReader reader)
    {
        Head head = default;
        while (reader.Next()) head.Take(ref reader);
        return head.IsWhole ? new CreateZone(head.Zone!, head.Origin!) : null;
    }

    public static DeleteZone? ReadDelete(ref FieldReader reader)
    {
        Head head = default;
        bool force = false;
        while (reader.Next())
        {
            if (reader.Field == 3) force = reader.Flag();
            else head.Take(ref reader);
        }
        return head.IsWhole ? new DeleteZone(head.Zone!, head.Origin!) { Force = force } : null;
    }

    public static NotifyZone? ReadNotify(ref FieldReader reader)
    {
        Head head = default;
        IPAddress? notifier = null;
        uint? serialHint = null;
        while (reader.Next())
        {
            if (reader.Field == 3) notifier = Address(ref reader);
            else if (reader.Field == 4) serialHint = reader.UInt32();
            else head.Take(ref reader);
        }
        return head.IsWhole ? new NotifyZone(head.Zone!, head.Origin!, notifier, serialHint) : null;
    }

    public static RefreshZone? ReadRefresh(ref FieldReader reader)
    {
        Head head = default;
        bool? force = null;
        while (reader.Next())
        {
            if (reader.Field == 3) force = reader.Flag();
            else head.Take(ref reader);
        }
        return head.IsWhole && force is not null ? new RefreshZone(head.Zone!, head.Origin!, force.Value) : null;
    }

    public static DecideCandidate? ReadDecide(ref FieldReader reader)
    {
        Head head = default;
        bool? approve = null;
        uint? serial = null;
        ContentHash? hash = null;
        while (reader.Next())
        {
            if (reader.Field == 3) approve = reader.Flag();
            else if (reader.Field == 4) serial = reader.UInt32();
            else if (reader.Field == 5) hash = CandidateFields.ReadHash(ref reader);
            else head.Take(ref reader);
        }
        return head.IsWhole && approve is not null && serial is not null
            ? new DecideCandidate(head.Zone!, head.Origin!, approve.Value, serial.Value, hash)
            : null;
    }

    public static GetZone? ReadGet(ref FieldReader reader)
    {
        Head head = default;
        while (reader.Next()) head.Take(ref reader);
        return head.Zone is null ? null : new GetZone(head.Zone);
    }

    public static GetZoneContent? ReadGetContent(ref FieldReader reader)
    {
        Head head = default;
        bool ofCandidate = false;
        while (reader.Next())
        {
            if (reader.Field == 3) ofCandidate = reader.Flag();
            else head.Take(ref reader);
        }

        return head.Zone is null ? null : new GetZoneContent(head.Zone, ofCandidate);
    }

    public static ListZones? ReadListQuestion(ref FieldReader reader)
    {
        string? prefix = null;
        string? state = null;
        DomainName? after = null;
        int? limit = null;
        bool orphansOnly = false;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: prefix = reader.Text(); break;
                case 2: state = reader.Text(); break;
                case 3: after = reader.Name(); break;
                case 4: limit = reader.Int32(); break;
                case 5: orphansOnly = reader.Flag(); break;
            }
        }
        return prefix is null || limit is null
            ? null
            : new ListZones(prefix, state, after, limit.Value) { OrphansOnly = orphansOnly };
    }

    public static LookAtTarget? ReadLook(ref FieldReader reader)
    {
        Head head = default;
        string? target = null;
        LookDepth depth = LookDepth.Serial;
        bool mayBeLeftover = false;
        while (reader.Next())
        {
            if (reader.Field == 3) target = reader.Text();
            else if (reader.Field == 4) depth = (LookDepth)reader.Choice((int)LookDepth.Repair);
            else if (reader.Field == 5) mayBeLeftover = reader.Flag();
            else head.Take(ref reader);
        }

        return head.Zone is null || target is null
            ? null
            : new LookAtTarget(head.Zone, target) { Depth = depth, MayBeLeftover = mayBeLeftover };
    }

    public static RemoveOrphan? ReadRemoveOrphan(ref FieldReader reader)
    {
        Head head = default;
        while (reader.Next()) head.Take(ref reader);
        return head.IsWhole ? new RemoveOrphan(head.Zone!, head.Origin!) : null;
    }

    public static UndeleteZone? ReadUndelete(ref FieldReader reader)
    {
        Head head = default;
        while (reader.Next()) head.Take(ref reader);
        return head.IsWhole ? new UndeleteZone(head.Zone!, head.Origin!) : null;
    }

    public static CountZones ReadCountQuestion(ref FieldReader reader)
    {
        while (reader.Next())
        {
            // A later version may have fields that narrow the question; they are passed over.
        }
        return new CountZones();
    }

    public static CountProven? ReadProvenQuestion(ref FieldReader reader)
    {
        long? round = null;
        ImmutableArray<string>.Builder targets = ImmutableArray.CreateBuilder<string>();
        while (reader.Next())
        {
            if (reader.Field == 1) round = reader.Signed();
            else if (reader.Field == 2) targets.Add(reader.Text());
        }
        return round is null ? null : new CountProven(round.Value, targets.DrainToImmutable());
    }

    internal static void Write(FieldWriter writer, DomainName zone, RequestOrigin origin)
    {
        writer.Name(1, zone);
        writer.Nested(2, origin, static (inner, from) =>
        {
            inner.Text(1, from.Client);
            inner.Text(2, from.KeyName);
            inner.Text(3, from.TraceId);
            inner.Text(4, from.MasterSet);
        });
    }

    private static RequestOrigin? ReadOrigin(ref FieldReader reader)
    {
        string? client = null;
        string? keyName = null;
        string? traceId = null;
        string? masterSet = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: client = reader.Text(); break;
                case 2: keyName = reader.Text(); break;
                case 3: traceId = reader.Text(); break;
                case 4: masterSet = reader.Text(); break;
            }
        }
        return client is null || traceId is null ? null : new RequestOrigin(client, keyName, traceId) { MasterSet = masterSet };
    }

    private static IPAddress? Address(ref FieldReader reader)
    {
        ReadOnlySpan<byte> octets = reader.Octets();
        if (octets.Length is 4 or 16) return new IPAddress(octets);
        reader.Break();
        return null;
    }

    /// <summary>What all requests to a zone begin with.</summary>
    internal struct Head
    {
        public DomainName? Zone { get; private set; }

        public RequestOrigin? Origin { get; private set; }

        public readonly bool IsWhole => Zone is not null && Origin is not null;

        public void Take(ref FieldReader reader)
        {
            if (reader.Field == 1) Zone = reader.Name();
            else if (reader.Field == 2) Origin = reader.Nested(ReadOrigin);
        }
    }
}
