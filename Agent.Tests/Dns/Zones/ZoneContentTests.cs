using System.Security.Cryptography;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Dns.Zones;

public sealed class ZoneContentTests
{
    private static readonly DomainName Apex = DomainName.Parse("Example.org.");

    [Fact]
    public void The_builder_computes_the_facts_on_the_way()
    {
        using var sink = new MemoryStream();
        using var builder = new ZoneContentBuilder(sink, ZoneContentLimits.None);
        Append(builder, "Example.org.", RecordType.SOA, 3600, Soa(7));
        Append(builder, "www.example.org.", RecordType.A, 300, [192, 0, 2, 1]);
        Assert.True(builder.TryComplete(out ZoneFacts? facts));

        byte[] bytes = sink.ToArray();
        Assert.Equal("Example.org.", facts.Apex.ToString());
        Assert.Equal(7u, facts.Serial);
        Assert.Equal(new SoaTimers(600, 60, 86400, 5), facts.Soa);
        Assert.Equal(3600u, facts.SoaTtlSeconds);
        Assert.Equal(2, facts.RecordCount);
        Assert.Equal(bytes.Length, facts.ByteCount);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), facts.Hash.ToString());
    }

    [Fact]
    public void A_loaded_content_has_the_facts_of_the_built_one()
    {
        MemoryZoneContent built = Build(100);
        Assert.Equal(ZoneContentError.None, MemoryZoneContent.TryLoad(built.Bytes.ToArray(), out MemoryZoneContent? loaded));
        Assert.Equal(built.Facts, loaded!.Facts);
    }

    [Fact]
    public void A_stream_that_gives_one_byte_at_a_time_reads_like_memory()
    {
        MemoryZoneContent content = Build(20);
        using var memory = content.Open();
        using var dripping = new RecordStream(new DrippingStream(content.Bytes.ToArray()));
        int count = 0;
        while (memory.TryRead(out StoredRecord expected))
        {
            Assert.True(dripping.TryRead(out StoredRecord actual));
            Assert.True(expected.Whole.SequenceEqual(actual.Whole));
            count++;
        }
        Assert.False(dripping.TryRead(out _));
        Assert.Equal(ZoneContentError.None, dripping.Error);
        Assert.Equal(content.RecordCount, count);
        Assert.Equal(content.ByteCount, dripping.Position);
    }

    [Fact]
    public void Large_records_pass_the_buffer()
    {
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        Append(builder, "example.org.", RecordType.SOA, 1, Soa(1));
        for (int i = 0; i < 9; i++)
            Append(builder, "big.example.org.", (RecordType)65400, 1, Enumerable.Repeat((byte)i, 65535).ToArray());
        Assert.True(builder.TryBuild(out MemoryZoneContent? content));
        using var records = new RecordStream(new MemoryStream(content.Bytes.ToArray()));
        Assert.True(records.TryRead(out _));
        for (int i = 0; i < 9; i++)
        {
            Assert.True(records.TryRead(out StoredRecord record));
            Assert.Equal(65535, record.Rdata.Length);
            Assert.Equal(i, record.Rdata[65534]);
        }
        Assert.False(records.TryRead(out _));
    }

    [Theory]
    [InlineData("www.example.org.", RecordType.A, RecordClass.IN, ZoneContentError.NoStartOfAuthority, false)]
    [InlineData("example.org.", RecordType.SOA, RecordClass.IN, ZoneContentError.SecondStartOfAuthority, true)]
    [InlineData("sub.example.org.", RecordType.SOA, RecordClass.IN, ZoneContentError.SecondStartOfAuthority, true)]
    [InlineData("www.example.com.", RecordType.A, RecordClass.IN, ZoneContentError.OutOfZone, true)]
    [InlineData("notexample.org.", RecordType.A, RecordClass.IN, ZoneContentError.OutOfZone, true)]
    [InlineData("www.example.org.", RecordType.A, RecordClass.CH, ZoneContentError.WrongClass, true)]
    [InlineData("www.example.org.", RecordType.OPT, RecordClass.IN, ZoneContentError.NotZoneData, true)]
    [InlineData("www.example.org.", RecordType.ANY, RecordClass.IN, ZoneContentError.NotZoneData, true)]
    [InlineData("www.example.org.", (RecordType)0, RecordClass.IN, ZoneContentError.NotZoneData, true)]
    public void What_is_no_zone_data_is_refused_and_the_error_stays(
        string owner, RecordType type, RecordClass @class, ZoneContentError error, bool afterSoa)
    {
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        if (afterSoa)
            Append(builder, "example.org.", RecordType.SOA, 1, Soa(1));
        Assert.False(builder.TryAppend(DomainName.Parse(owner).Wire, type, @class, 1, Soa(1)));
        Assert.Equal(error, builder.Error);
        Assert.False(builder.TryAppend(DomainName.Parse("ok.example.org.").Wire, RecordType.A, RecordClass.IN, 1, [1, 2, 3, 4]));
        Assert.False(builder.TryBuild(out _));
        Assert.Equal(error, builder.Error);
    }

    [Fact]
    public void Limits_stop_the_building()
    {
        using var records = ZoneContentBuilder.InMemory(new ZoneContentLimits(1, long.MaxValue));
        Append(records, "example.org.", RecordType.SOA, 1, Soa(1));
        Assert.False(records.TryAppend(Apex.Wire, RecordType.A, RecordClass.IN, 1, [1, 2, 3, 4]));
        Assert.Equal(ZoneContentError.TooManyRecords, records.Error);

        using var bytes = ZoneContentBuilder.InMemory(new ZoneContentLimits(100, 80));
        Append(bytes, "example.org.", RecordType.SOA, 1, Soa(1));
        Assert.False(bytes.TryAppend(Apex.Wire, RecordType.A, RecordClass.IN, 1, [1, 2, 3, 4]));
        Assert.Equal(ZoneContentError.TooManyBytes, bytes.Error);
    }

    [Fact]
    public void A_ttl_with_the_highest_bit_counts_as_zero()
    {
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        Append(builder, "example.org.", RecordType.SOA, 0x8000_0001, Soa(1));
        Assert.True(builder.TryBuild(out MemoryZoneContent? content));
        using RecordStream records = content.Open();
        Assert.True(records.TryRead(out StoredRecord soa));
        Assert.Equal(0u, soa.Ttl);
        Assert.Equal(0u, content.Facts.SoaTtlSeconds);
    }

    [Fact]
    public void Cut_and_damaged_bytes_are_errors_and_never_exceptions()
    {
        byte[] whole = Build(3).Bytes.ToArray();
        var boundaries = new HashSet<long> { 0 };
        using (var records = new RecordStream(whole))
        {
            while (records.TryRead(out _))
                boundaries.Add(records.Position);
        }
        for (int length = 0; length < whole.Length; length++)
        {
            ZoneContentError error = MemoryZoneContent.TryLoad(whole[..length], out _);
            if (length == 0)
                Assert.Equal(ZoneContentError.NoStartOfAuthority, error);
            else
                Assert.Equal(boundaries.Contains(length) ? ZoneContentError.None : ZoneContentError.Truncated, error);
        }
        var random = new Random(11);
        for (int round = 0; round < 5000; round++)
        {
            byte[] damaged = (byte[])whole.Clone();
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            using var records = new RecordStream(damaged);
            while (records.TryRead(out StoredRecord record))
                Assert.True(record.Whole.Length <= damaged.Length);
        }
    }

    [Fact]
    public void A_hash_reads_its_own_text()
    {
        ContentHash hash = ContentHash.Of([1, 2, 3]);
        Assert.True(ContentHash.TryParse(hash.ToString(), out ContentHash again));
        Assert.Equal(hash, again);
        Span<byte> bytes = stackalloc byte[ContentHash.Size];
        hash.CopyTo(bytes);
        Assert.True(ContentHash.TryFromBytes(bytes, out again));
        Assert.Equal(hash, again);
        Assert.NotEqual(hash, ContentHash.Of([1, 2, 4]));
        Assert.False(ContentHash.TryParse("12", out _));
        Assert.False(ContentHash.TryParse(new string('g', 64), out _));
    }

    private static MemoryZoneContent Build(int hosts)
    {
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        Append(builder, "example.org.", RecordType.SOA, 3600, Soa(9));
        for (int i = 0; i < hosts; i++)
            Append(builder, $"host{i}.example.org.", RecordType.A, 60, [192, 0, 2, (byte)i]);
        Assert.True(builder.TryBuild(out MemoryZoneContent? content));
        return content;
    }

    private static void Append(ZoneContentBuilder builder, string owner, RecordType type, uint ttl, byte[] rdata) =>
        Assert.True(builder.TryAppend(DomainName.Parse(owner).Wire, type, RecordClass.IN, ttl, rdata), builder.Error.Text());

    private static byte[] Soa(uint serial) =>
    [
        .. DomainName.Parse("ns.example.org.").Wire, 0,
        (byte)(serial >> 24), (byte)(serial >> 16), (byte)(serial >> 8), (byte)serial,
        0, 0, 2, 88, 0, 0, 0, 60, 0, 1, 0x51, 0x80, 0, 0, 0, 5,
    ];

    private sealed class DrippingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer.IsEmpty ? buffer : buffer[..1]);
    }
}
