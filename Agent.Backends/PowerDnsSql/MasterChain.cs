using System.Buffers.Binary;
using System.Text;
using Agent.Backends.PowerDns;
using Agent.Backends.Shared;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.PowerDnsSql;

// PowerDNS keeps the keys and signatures of a zone that its master has signed, but neither NSEC nor NSEC3 nor NSEC3PARAM: it makes them
// when it is asked, from the names that have an ordername, the types at each, and the metadata NSEC3PARAM. The signatures fit only where
// that comes to what the master signed, so a chain is looked at before it is taken:
//
//   one chain, NSEC or NSEC3, with one set of parameters, all or none of it with opt-out
//   from each name to the next one in the order of the column, and around once: names with escapes sort elsewhere there than in DNSSEC
//   names to come next in lower case, since PowerDNS writes them so and the signature of an NSEC covers their case (RFC 6840 section 5.1)
//
// That a chain goes around once is seen without sorting: each name is once the next one, and only one step does not go upwards.

/// <summary>The denials of a zone that its master has signed: how they are made, and which names have a place in their order.</summary>
internal sealed class MasterChain
{
    // As PowerDNS comes (max-nsec3-iterations); it would hash with so many where a zone has more.
    private const int IterationsMax = 100;
    private const byte Sha1 = 1;

    private readonly DomainName _apex;
    private readonly HashSet<UInt128> _names;

    // Names that have a place here and none there, or the other way round, where _names are those of another content.
    private readonly HashSet<UInt128> _differing = [];
    private UInt128 _balance;
    private int _turns;

    private MasterChain(DomainName apex, HashSet<UInt128> names) => (_apex, _names) = (apex, names);

    /// <summary>How the names are ordered.</summary>
    public DenialOrder Order { get; private set; } =
        new(IsSigned: true, Salt: null, 0, IsOptOut: false, IsNarrow: false) { IsByMaster = true };

    /// <summary>Reads a content; null when its master has not signed it.</summary>
    /// <exception cref="BackendException">PowerDNS could not serve it as it was signed.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static MasterChain? Of(ZoneContent content)
    {
        MasterChain chain = new(content.Apex, []);
        string? signature = null;
        string? key = null;
        string? parameters = null;
        string? hashed = null;
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            switch (record.Type)
            {
                case RecordType.RRSIG:
                    signature ??= TableName.Of(record.Owner);
                    break;
                case RecordType.DNSKEY or RecordType.CDS or RecordType.CDNSKEY:
                    key ??= $"{RecordTypeText.ToText(record.Type)} at {TableName.Of(record.Owner)}";
                    break;
                case RecordType.NSEC:
                    chain.Add(record);
                    break;
                case RecordType.NSEC3:
                    chain.AddHashed(record, ref hashed);
                    break;
                case RecordType.NSEC3PARAM:
                    parameters = parameters is null ? ParametersOf(record.Rdata) : throw chain.CannotHold("more than one NSEC3PARAM");
                    break;
            }
        }

        if (records.Error != ZoneContentError.None)
            throw new IOException($"the content of {content.Apex} cannot be read: {records.Error.Text()}");
        if (chain._names.Count == 0)
        {
            return signature is not null || parameters is not null ? throw chain.CannotHold("signatures, but no NSEC or NSEC3")
                : key is not null ? throw BackendException.CannotHold($"records of type {key}: {PowerDnsTypes.OwnKeys}")
                : null;
        }

        chain.Check(parameters, hashed);
        return chain;
    }

    /// <summary>PowerDNS makes records of the type itself, and takes none.</summary>
    public static bool Makes(RecordType type) => type is RecordType.NSEC or RecordType.NSEC3 or RecordType.NSEC3PARAM;

    /// <summary>What the column of the order has for a name; null where the name has no place in it.</summary>
    public string? PlaceOf(ReadOnlySpan<byte> name)
    {
        if (!Order.IsHashed)
            return Has(KeyOf(name)) ? TableName.OrderOf(name, _apex.Wire) : null;
        string hash = Order.HashOf(name);
        return Has(KeyOf(hash)) ? hash : null;
    }

    /// <summary>The chain from which a change led to this one, with the same parameters.</summary>
    public MasterChain Before(ContentChange change)
    {
        MasterChain before = new(_apex, _names) { Order = Order };
        PartialContent.Visit(change.Deleted, before.Turn);
        PartialContent.Visit(change.Added, before.Turn);
        return before;
    }

    /// <summary>Names come into the order and go only where the change has records, or above: not by the signer's choice alone.</summary>
    public bool DiffersOnlyAt(ContentChange change)
    {
        if (!Order.IsHashed || _differing.Count == 0)
            return true;
        HashSet<UInt128> left = [.. _differing];
        PartialContent.Visit(change.Deleted, StrikeOut);
        PartialContent.Visit(change.Added, StrikeOut);
        return left.Count == 0;

        void StrikeOut(StoredRecord record)
        {
            if (Makes(record.Type))
                return;
            for (ReadOnlySpan<byte> name = record.Owner; left.Count > 0 && name.Length > _apex.Wire.Length; name = name[(name[0] + 1)..])
                left.Remove(KeyOf(Order.HashOf(name)));
        }
    }

    private static UInt128 KeyOf(ReadOnlySpan<byte> name) => RrsetIndex.KeyOf(name, RecordType.NSEC);

    private static UInt128 KeyOf(string hash) => RrsetIndex.KeyOf(Encoding.ASCII.GetBytes(hash), RecordType.NSEC3);

    /// <summary>Algorithm, flags, iterations and salt, as the metadata has them.</summary>
    private static string ParametersOf(ReadOnlySpan<byte> rdata)
    {
        if (rdata.Length < 5)
            return "that cannot be read";
        ReadOnlySpan<byte> salt = rdata.Length > 5 ? rdata.Slice(5, Math.Min(rdata[4], rdata.Length - 5)) : [];
        return $"{rdata[0]} {rdata[1]} {BinaryPrimitives.ReadUInt16BigEndian(rdata[2..])} "
            + (salt.IsEmpty ? "-" : Convert.ToHexStringLower(salt));
    }

    private bool Has(UInt128 key) => _names.Contains(key) != _differing.Contains(key);

    private void Turn(StoredRecord record)
    {
        if (record.Type is not (RecordType.NSEC or RecordType.NSEC3))
            return;
        UInt128 key = record.Type == RecordType.NSEC
            ? KeyOf(record.Owner) : KeyOf(Encoding.ASCII.GetString(record.Owner.Slice(1, record.Owner[0])).ToLowerInvariant());
        if (!_differing.Remove(key))
            _differing.Add(key);
    }

    private void Add(in StoredRecord record)
    {
        if (!NameBytes.TryMeasure(record.Rdata, out int length) || !NameBytes.IsSameOrBelow(record.Rdata[..length], _apex.Wire))
            throw CannotHold($"an NSEC at {TableName.Of(record.Owner)} that cannot be read, or leads out of the zone");
        ReadOnlySpan<byte> next = record.Rdata[..length];
        byte[] folded = next.ToArray();
        NameBytes.Fold(folded);
        if (!next.SequenceEqual(folded) && !NameBytes.Equal(next, _apex.Wire))
        {
            throw CannotHold($"an NSEC at {TableName.Of(record.Owner)} with capitals in the next name: PowerDNS writes it in lower case, "
                + "and the signature would not fit any more: let the master write names in lower case, or sign by NSEC3");
        }

        Note(KeyOf(record.Owner), KeyOf(next));
        bool isUp = string.CompareOrdinal(TableName.OrderOf(next, _apex.Wire), TableName.OrderOf(record.Owner, _apex.Wire)) > 0;
        _turns += isUp ? 0 : 1;
    }

    private void AddHashed(in StoredRecord record, ref string? parameters)
    {
        ReadOnlySpan<byte> rdata = record.Rdata;
        ReadOnlySpan<byte> owner = record.Owner;
        int place = rdata.Length > 5 ? 5 + rdata[4] : int.MaxValue;
        if (owner.Length - _apex.Wire.Length != owner[0] + 1 || place >= rdata.Length || place + 1 + rdata[place] > rdata.Length)
            throw CannotHold($"an NSEC3 at {TableName.Of(owner)} that cannot be read");
        string these = ParametersOf(rdata);
        parameters ??= these;
        if (these != parameters)
        {
            throw CannotHold($"NSEC3 records with parameters that differ ({parameters}, and {these} at {TableName.Of(owner)}): "
                + "PowerDNS has one set of them for a zone, opt-out among them");
        }

        string hash = Encoding.ASCII.GetString(owner.Slice(1, owner[0])).ToLowerInvariant();
        string next = DenialOrder.Base32Hex(rdata.Slice(place + 1, rdata[place]));
        Note(KeyOf(hash), KeyOf(next));
        _turns += string.CompareOrdinal(next, hash) > 0 ? 0 : 1;
    }

    private void Note(UInt128 owner, UInt128 next)
    {
        _names.Add(owner);
        _balance = unchecked(_balance + owner - next);
    }

    private void Check(string? parameters, string? hashed)
    {
        if (hashed is not null)
        {
            DenialOrder read = DenialOrder.Read(hashed, isNarrow: false) ?? throw CannotHold($"NSEC3 records with parameters {hashed}");
            Order = read with { IsByMaster = true };
            if (parameters is null || parameters != (Order with { IsOptOut = false }).Parameters)
                throw CannotHold($"NSEC3 records with parameters {hashed}, while NSEC3PARAM says {parameters ?? "nothing"}");
            if (Order.Iterations > IterationsMax)
                throw CannotHold($"NSEC3 records with more than the {IterationsMax} iterations that PowerDNS makes");
        }

        if (_turns != 1 || _balance != 0)
        {
            throw CannotHold("NSEC or NSEC3 records that do not lead around the zone once, in the order of PowerDNS's tables: "
                + "both at once, some missing, or names with octets that it escapes");
        }
    }

    private BackendException CannotHold(string what) => BackendException.CannotHold(
        $"{_apex} is signed by its master with {what}; PowerDNS makes denials itself, and they would not be those that were signed");
}
