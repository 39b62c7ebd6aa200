using System.Buffers.Binary;
using Agent.Backends.PowerDnsSql;
using Agent.Dns.Wire;
using Agent.Tests.Dns.Zones;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>Zones as a signer leaves them: with its chain of denials, and signatures that nobody could check.</summary>
internal static class FakeSigner
{
    /// <summary>Adds what a signer adds.</summary>
    /// <param name="records">The zone, the SOA first.</param>
    /// <param name="order">How it denies.</param>
    public static List<PlainRecord> Sign(IReadOnlyList<PlainRecord> records, DenialOrder order)
    {
        DomainName apex = records[0].Owner;
        List<PlainRecord> signed = [.. records];
        if (order.IsHashed)
        {
            byte[] parameters = [1, 0, .. Parameters(order)];
            signed.Add(new PlainRecord(apex, RecordType.NSEC3PARAM, 0, parameters));
        }

        HashSet<DomainName> delegations = [.. records.Where(r => r.Type == RecordType.NS && !r.Owner.Equals(apex)).Select(r => r.Owner)];
        ILookup<DomainName, RecordType> inside = signed
            .Where(r => !Above(r.Owner, apex).Any(delegations.Contains))
            .Where(r => !delegations.Contains(r.Owner) || r.Type is RecordType.NS or RecordType.DS)
            .ToLookup(r => r.Owner, r => r.Type);
        signed.AddRange(order.IsHashed ? Hashed(inside, delegations, apex, order) : Plain(inside, apex));
        signed.AddRange(signed.Where(r => !Above(r.Owner, apex).Any(delegations.Contains))
            .Where(r => !delegations.Contains(r.Owner) || r.Type is RecordType.DS or RecordType.NSEC)
            .DistinctBy(r => (r.Owner, r.Type))
            .Select(Signature)
            .ToList());
        return signed;

        PlainRecord Signature(PlainRecord set) => new(
            set.Owner, RecordType.RRSIG, set.Ttl,
            [(byte)((ushort)set.Type >> 8), (byte)set.Type, 13, 3, .. RandomZones.U32(set.Ttl), .. new byte[10], .. apex.Wire, 1, 2]);
    }

    private static IEnumerable<PlainRecord> Plain(ILookup<DomainName, RecordType> names, DomainName apex)
    {
        DomainName[] chain = [.. names.Select(name => name.Key).Order()];
        return chain.Select((name, i) => new PlainRecord(
            name, RecordType.NSEC, 60,
            [.. chain[(i + 1) % chain.Length].Wire, .. Bitmap([.. names[name], RecordType.NSEC, RecordType.RRSIG])]));
    }

    private static IEnumerable<PlainRecord> Hashed(
        ILookup<DomainName, RecordType> names, HashSet<DomainName> delegations, DomainName apex, DenialOrder order)
    {
        HashSet<DomainName> all = [];
        foreach (DomainName name in names.Select(name => name.Key))
        {
            if (!order.IsOptOut || !delegations.Contains(name) || names[name].Contains(RecordType.DS))
                all.UnionWith([name, .. Above(name, apex)]);
        }

        (DomainName Name, string Hash)[] chain =
            [.. all.Select(name => (name, order.HashOf(name.Wire))).OrderBy(pair => pair.Item2, StringComparer.Ordinal)];
        return chain.Select((pair, i) =>
        {
            Assert.True(apex.TryPrepend(System.Text.Encoding.ASCII.GetBytes(pair.Hash), out DomainName? owner));
            RecordType[] types = [.. names[pair.Name]];
            bool isSigned = types.Length > 0 && !(delegations.Contains(pair.Name) && !types.Contains(RecordType.DS));
            return new PlainRecord(
                owner, RecordType.NSEC3, 60,
                [
                    1, (byte)(order.IsOptOut ? 1 : 0), .. Parameters(order), 20, .. FromBase32Hex(chain[(i + 1) % chain.Length].Hash),
                    .. Bitmap(isSigned ? [.. types, RecordType.RRSIG] : types),
                ]);
        });
    }

    /// <summary>The names above one, up to and with the apex.</summary>
    private static IEnumerable<DomainName> Above(DomainName name, DomainName apex)
    {
        while (!name.Equals(apex))
            yield return name = name.Parent;
    }

    private static byte[] Parameters(DenialOrder order)
    {
        byte[] salt = Convert.FromHexString(order.Salt!);
        byte[] iterations = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(iterations, (ushort)order.Iterations);
        return [.. iterations, (byte)salt.Length, .. salt];
    }

    private static byte[] FromBase32Hex(string text)
    {
        byte[] octets = new byte[text.Length * 5 / 8];
        foreach ((int i, char digit) in text.Index())
        {
            int value = digit <= '9' ? digit - '0' : digit - 'a' + 10;
            for (int bit = 0; bit < 5; bit++)
                octets[(i * 5 + bit) / 8] |= (byte)(((value >> (4 - bit)) & 1) << (7 - (i * 5 + bit) % 8));
        }

        return octets;
    }

    private static byte[] Bitmap(RecordType[] types)
    {
        byte[] bits = new byte[types.Length == 0 ? 0 : types.Max(type => (ushort)type) / 8 + 1];
        foreach (RecordType type in types)
            bits[(ushort)type / 8] |= (byte)(0x80 >> ((ushort)type % 8));
        return bits.Length == 0 ? [] : [0, (byte)bits.Length, .. bits];
    }
}
