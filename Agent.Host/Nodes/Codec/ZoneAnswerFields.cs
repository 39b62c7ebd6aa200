using System.Collections.Immutable;
using Agent.Actors.Guards;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Nodes;

/// <summary>What zones and shards answer (Agent.Actors/Zones/ZoneMessages.cs).</summary>
internal static class ZoneAnswerFields
{
    public static void Write(FieldWriter writer, ZoneReply message)
    {
        writer.Name(1, message.Zone);
        writer.Unsigned(2, (ulong)message.Outcome);
        writer.Why(3, message.Reason);
    }

    public static void Write(FieldWriter writer, ZoneContentReply message)
    {
        writer.Name(1, message.Zone);
        writer.Nested(2, message.Content, ContentFields.Write);
        writer.Instant(3, message.ExpiresAt);
    }

    public static void Write(FieldWriter writer, ZoneStatus message)
    {
        writer.Name(1, message.Name);
        writer.Text(2, message.State);
        writer.Unsigned(3, message.Serial);
        writer.Unsigned(4, message.WantedSerial);
        writer.Signed(5, message.Records);
        writer.Why(6, message.Reason);
        writer.Instant(7, message.ReasonSince);
        writer.Instant(8, message.RefreshedAt);
        writer.Instant(10, message.ExpiresAt);
        writer.Nested(11, message.Candidate, CandidateFields.Write);
        writer.Nested(12, message.Owner, CatalogFields.WriteOwner);
        writer.Instant(13, message.RefusedSince);
        if (message.Targets.IsDefault) return;
        foreach (TargetProgress progress in message.Targets) writer.Nested(9, progress, TargetFields.WriteProgress);
    }

    public static void Write(FieldWriter writer, ZoneList message)
    {
        writer.Signed(1, message.Shard);
        if (message.Zones.IsDefault) return;
        foreach (ZoneStatus zone in message.Zones) writer.Nested(2, zone, Write);
    }

    public static void Write(FieldWriter writer, ZoneCounts message)
    {
        writer.Signed(1, message.Shard);
        WriteCounts(writer, 2, message.ByState);
        WriteCounts(writer, 3, message.Behind);
    }

    public static void Write(FieldWriter writer, ProvenZones message)
    {
        writer.Signed(1, message.Shard);
        writer.Signed(2, message.Round);
        writer.Signed(3, message.Zones);
        writer.Signed(4, message.Proven);
    }

    public static ZoneReply? ReadReply(ref FieldReader reader)
    {
        DomainName? zone = null;
        ZoneOutcome? outcome = null;
        Reason? reason = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: zone = reader.Name(); break;
                case 2: outcome = (ZoneOutcome)reader.Choice((int)ZoneOutcome.Ignored); break;
                case 3: reason = reader.Why(); break;
            }
        }
        return zone is null || outcome is null ? null : new ZoneReply(zone, outcome.Value, reason);
    }

    public static ZoneContentReply? ReadContentReply(ref FieldReader reader)
    {
        DomainName? zone = null;
        ZoneContent? content = null;
        DateTimeOffset? expiresAt = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: zone = reader.Name(); break;
                case 2: content = reader.Nested(ContentFields.Read); break;
                case 3: expiresAt = reader.Instant(); break;
            }
        }
        return zone is not null && ContentFields.IsOf(content, zone)
            ? new ZoneContentReply(zone, content) { ExpiresAt = expiresAt }
            : null;
    }

    public static ZoneStatus? ReadStatus(ref FieldReader reader)
    {
        DomainName? name = null;
        string? state = null;
        uint? serial = null;
        uint? wantedSerial = null;
        long? records = null;
        Reason? reason = null;
        DateTimeOffset? reasonSince = null;
        DateTimeOffset? refreshedAt = null;
        DateTimeOffset? expiresAt = null;
        DateTimeOffset? refusedSince = null;
        CandidateStatus? candidate = null;
        ZoneOwner? owner = null;
        ImmutableArray<TargetProgress>.Builder targets = ImmutableArray.CreateBuilder<TargetProgress>();
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: name = reader.Name(); break;
                case 2: state = reader.Text(); break;
                case 3: serial = reader.UInt32(); break;
                case 4: wantedSerial = reader.UInt32(); break;
                case 5: records = reader.Signed(); break;
                case 6: reason = reader.Why(); break;
                case 7: reasonSince = reader.Instant(); break;
                case 8: refreshedAt = reader.Instant(); break;
                case 10: expiresAt = reader.Instant(); break;
                case 11: candidate = reader.Nested(CandidateFields.Read); break;
                case 12: owner = reader.Nested(CatalogFields.ReadOwner); break;
                case 13: refusedSince = reader.Instant(); break;
                case 9:
                    if (reader.Nested(TargetFields.ReadProgress) is { } progress) targets.Add(progress);
                    break;
            }
        }
        return name is null || state is null
            ? null
            : new ZoneStatus(name, state, serial, wantedSerial, records, reason, reasonSince, refreshedAt, targets.DrainToImmutable())
            {
                ExpiresAt = expiresAt,
                RefusedSince = refusedSince,
                Candidate = candidate,
                Owner = owner,
            };
    }

    public static ZoneList? ReadList(ref FieldReader reader)
    {
        int? shard = null;
        ImmutableArray<ZoneStatus>.Builder zones = ImmutableArray.CreateBuilder<ZoneStatus>();
        while (reader.Next())
        {
            if (reader.Field == 1) shard = reader.Int32();
            else if (reader.Field == 2 && reader.Nested(ReadStatus) is { } zone) zones.Add(zone);
        }
        return shard is null ? null : new ZoneList(shard.Value, zones.DrainToImmutable());
    }

    public static ZoneCounts? ReadCounts(ref FieldReader reader)
    {
        int? shard = null;
        ImmutableDictionary<string, int>.Builder counts = ImmutableDictionary.CreateBuilder<string, int>();
        ImmutableDictionary<string, int>.Builder behind = ImmutableDictionary.CreateBuilder<string, int>();
        while (reader.Next())
        {
            if (reader.Field == 1) shard = reader.Int32();
            else if (reader.Field == 2 && reader.Nested(ReadCount) is { } count) counts[count.Word] = count.Count;
            else if (reader.Field == 3 && reader.Nested(ReadCount) is { } late) behind[late.Word] = late.Count;
        }
        return shard is null ? null : new ZoneCounts(shard.Value, counts.ToImmutable()) { Behind = behind.ToImmutable() };
    }

    public static ProvenZones? ReadProven(ref FieldReader reader)
    {
        int? shard = null, zones = null, proven = null;
        long? round = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: shard = reader.Int32(); break;
                case 2: round = reader.Signed(); break;
                case 3: zones = reader.Int32(); break;
                case 4: proven = reader.Int32(); break;
            }
        }
        return shard is null || round is null || zones is null || proven is null
            ? null
            : new ProvenZones(shard.Value, round.Value, zones.Value, proven.Value);
    }

    private static void WriteCounts(FieldWriter writer, int field, ImmutableDictionary<string, int> counts)
    {
        foreach ((string word, int count) in counts.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            writer.Nested(field, word, (inner, text) =>
            {
                inner.Text(1, text);
                inner.Signed(2, count);
            });
        }
    }

    private static WordCount? ReadCount(ref FieldReader reader)
    {
        string? word = null;
        int? count = null;
        while (reader.Next())
        {
            if (reader.Field == 1) word = reader.Text();
            else if (reader.Field == 2) count = reader.Int32();
        }
        return word is null || count is null ? null : new WordCount(word, count.Value);
    }

    private sealed record WordCount(string Word, int Count);
}
