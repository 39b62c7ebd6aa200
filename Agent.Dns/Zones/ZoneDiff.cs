using System.Buffers;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>Why a difference does not fit an image. Then only a whole transfer helps.</summary>
public enum ZoneDiffError : byte
{
    /// <summary>It fits.</summary>
    None,

    /// <summary>The image has another serial than the difference starts from.</summary>
    WrongSerial,

    /// <summary>A record to delete is not there.</summary>
    DeletesAbsent,

    /// <summary>A record to add is there already.</summary>
    AddsPresent,

    /// <summary>What is left is no zone, or a record of the difference is malformed.</summary>
    BadContent,
}

/// <summary>Words for <see cref="ZoneDiffError"/>.</summary>
public static class ZoneDiffErrors
{
    /// <summary>A sentence part that can stand in a log line or a reason.</summary>
    public static string Text(this ZoneDiffError error) => error switch
    {
        ZoneDiffError.None => "no error",
        ZoneDiffError.WrongSerial => "the difference starts from another serial",
        ZoneDiffError.DeletesAbsent => "a difference deletes a record that is not there",
        ZoneDiffError.AddsPresent => "a difference adds a record that is there already",
        ZoneDiffError.BadContent => "what the difference leads to is no zone",
        _ => error.ToString(),
    };
}

/// <summary>
/// What leads from one version of a zone to another: the records deleted and the records added, each beginning with its SOA and in
/// the stored form. This is what an IXFR carries for one step (RFC 1995 section 4).
/// </summary>
public sealed class ZoneDiff
{
    private readonly byte[] _deleted;
    private readonly byte[] _added;

    private ZoneDiff(DomainName apex, uint fromSerial, uint toSerial, byte[] deleted, byte[] added)
    {
        Apex = apex;
        FromSerial = fromSerial;
        ToSerial = toSerial;
        _deleted = deleted;
        _added = added;
    }

    /// <summary>The zone.</summary>
    public DomainName Apex { get; }

    /// <summary>The serial that it starts from.</summary>
    public uint FromSerial { get; }

    /// <summary>The serial that it leads to.</summary>
    public uint ToSerial { get; }

    /// <summary>The octets of both halves.</summary>
    public long ByteCount => _deleted.LongLength + _added.LongLength;

    /// <summary>Reads the deleted records, the old SOA first.</summary>
    public RecordStream OpenDeleted() => new(_deleted);

    /// <summary>Reads the added records, the new SOA first.</summary>
    public RecordStream OpenAdded() => new(_added);

    /// <summary>
    /// Takes both halves as they came in a transfer; false unless each begins with a SOA of the zone. The arrays are kept. The rest is
    /// checked when it is applied.
    /// </summary>
    public static bool TryFromRecords(DomainName apex, byte[] deleted, byte[] added, out ZoneDiff? diff)
    {
        diff = null;
        if (!TryReadSerial(apex, deleted, out uint fromSerial) || !TryReadSerial(apex, added, out uint toSerial))
            return false;
        diff = new ZoneDiff(apex, fromSerial, toSerial, deleted, added);
        return true;
    }

    /// <summary>
    /// Compares two versions of a zone in one pass. A changed TTL, or an owner written in another case, deletes and adds the records.
    /// </summary>
    public static ZoneDiff Between(ZoneImage from, ZoneImage to)
    {
        if (!from.Apex.Equals(to.Apex))
            throw new ArgumentException("The images are of different zones.", nameof(to));
        var deleted = new DiffSide(from);
        var added = new DiffSide(to);
        var old = new ImageCursor(from);
        var @new = new ImageCursor(to);
        bool hasOld = old.MoveNext();
        bool hasNew = @new.MoveNext();
        while (hasOld || hasNew)
        {
            int order = !hasOld ? 1 : !hasNew ? -1 : CanonicalRecord.Compare(old.Current, @new.Current);
            if (order == 0 && !IsChanged(old.Current, @new.Current))
            {
                hasOld = old.MoveNext();
                hasNew = @new.MoveNext();
                continue;
            }
            if (order <= 0)
            {
                deleted.Append(old.Current);
                hasOld = old.MoveNext();
            }
            if (order >= 0)
            {
                added.Append(@new.Current);
                hasNew = @new.MoveNext();
            }
        }
        return new ZoneDiff(to.Apex, from.Serial, to.Serial, deleted.ToArray(), added.ToArray());
    }

    /// <summary>
    /// Makes the new version, strictly: deleting what is absent and adding what is present are errors, since after either nobody
    /// could say which version the result is.
    /// </summary>
    public ZoneDiffError TryApply(ZoneImage from, out ZoneImage? to)
    {
        to = null;
        if (from.Serial != FromSerial || !from.Apex.Equals(Apex))
            return ZoneDiffError.WrongSerial;
        using RecordStream deletedRecords = OpenDeleted();
        using RecordStream addedRecords = OpenAdded();
        if (SortedRecords.TryRead(deletedRecords, Apex, out SortedRecords deleted) != ZoneContentError.None
            || SortedRecords.TryRead(addedRecords, Apex, out SortedRecords added) != ZoneContentError.None)
            return ZoneDiffError.BadContent;
        var assembler = new ZoneImageAssembler(Apex);
        ZoneDiffError error = Merge(from, deleted, added, assembler);
        if (error != ZoneDiffError.None)
            return error;
        return assembler.TryComplete(out to) == ZoneContentError.None ? ZoneDiffError.None : ZoneDiffError.BadContent;
    }

    private static ZoneDiffError Merge(ZoneImage from, SortedRecords deleted, SortedRecords added, ZoneImageAssembler assembler)
    {
        int nextDeleted = 0;
        int nextAdded = 0;
        var old = new ImageCursor(from);
        while (old.MoveNext())
        {
            CanonicalRecord record = old.Current;
            while (nextAdded < added.Count && CanonicalRecord.Compare(added[nextAdded], record) < 0)
            {
                if (!assembler.TryAppend(added[nextAdded++]))
                    return ZoneDiffError.BadContent;
            }
            int order = nextDeleted < deleted.Count ? CanonicalRecord.Compare(deleted[nextDeleted], record) : 1;
            if (order < 0)
                return ZoneDiffError.DeletesAbsent;
            if (order == 0)
            {
                nextDeleted++;
                continue;
            }
            if (nextAdded < added.Count && CanonicalRecord.Compare(added[nextAdded], record) == 0)
                return ZoneDiffError.AddsPresent;
            if (!assembler.TryAppend(record))
                return ZoneDiffError.BadContent;
        }
        for (; nextAdded < added.Count; nextAdded++)
        {
            if (!assembler.TryAppend(added[nextAdded]))
                return ZoneDiffError.BadContent;
        }
        return nextDeleted < deleted.Count ? ZoneDiffError.DeletesAbsent : ZoneDiffError.None;
    }

    private static bool IsChanged(in CanonicalRecord old, in CanonicalRecord @new) =>
        old.Ttl != @new.Ttl || !old.RelativeOwner.SequenceEqual(@new.RelativeOwner);

    private static bool TryReadSerial(DomainName apex, byte[] records, out uint serial)
    {
        serial = 0;
        if (StoredRecord.Read(records, out StoredRecord soa) != ZoneContentError.None || soa.Type != RecordType.SOA)
            return false;
        if (!NameBytes.Equal(soa.Owner, apex.Wire) || !SoaNumbers.TryRead(soa.Rdata, out SoaNumbers numbers))
            return false;
        serial = numbers.Serial;
        return true;
    }

    /// <summary>One half of a difference while it grows; the SOA comes first whether it changed or not.</summary>
    private sealed class DiffSide
    {
        private readonly ArrayBufferWriter<byte> _records = new();
        private readonly byte[] _scratch = new byte[StoredRecord.MaximumSize];
        private readonly DomainName _apex;

        public DiffSide(ZoneImage image)
        {
            _apex = image.Apex;
            image.TryGetRrset(0, RecordType.SOA, out RrsetView soa);
            Append([], RecordType.SOA, soa.Ttl, soa.First);
        }

        public void Append(in CanonicalRecord record)
        {
            if (record.Type != RecordType.SOA)
                Append(record.RelativeOwner, record.Type, record.Ttl, record.Rdata);
        }

        public byte[] ToArray() => _records.WrittenSpan.ToArray();

        private void Append(ReadOnlySpan<byte> relativeOwner, RecordType type, uint ttl, ReadOnlySpan<byte> rdata)
        {
            Span<byte> owner = stackalloc byte[NameReader.MaximumLength];
            relativeOwner.CopyTo(owner);
            _apex.Wire.CopyTo(owner[relativeOwner.Length..]);
            int size = StoredRecord.Write(_scratch, owner[..(relativeOwner.Length + _apex.Wire.Length)], type, RecordClass.IN, ttl, rdata);
            _records.Write(_scratch.AsSpan(0, size));
        }
    }
}
