using System.Buffers.Binary;
using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Journal;

/// <summary>Contents and rows for tests of what stores and moves them.</summary>
public static class TestZones
{
    public static readonly DateTimeOffset Noon = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    /// <summary>A zone with this many address records.</summary>
    public static MemoryZoneContent Small(string apex, uint serial, int hosts = 3)
    {
        using ZoneContentBuilder builder = Begin(apex, serial);
        for (int i = 0; i < hosts; i++)
        {
            byte[] owner = DomainName.Parse($"host{i}.{apex}").Wire.ToArray();
            Assert.True(builder.TryAppend(owner, RecordType.A, RecordClass.IN, 300, [192, 0, (byte)(i >> 8), (byte)i]));
        }
        return Finish(builder);
    }

    /// <summary>A zone whose content does not shrink: text records of noise, this many bytes of them.</summary>
    public static MemoryZoneContent Large(string apex, uint serial, int bytes)
    {
        using ZoneContentBuilder builder = Begin(apex, serial);
        var noise = new Random((int)serial);
        var text = new byte[201];
        byte[] owner = DomainName.Parse("text." + apex).Wire.ToArray();
        for (int done = 0; done < bytes; done += text.Length)
        {
            noise.NextBytes(text);
            text[0] = 200;
            Assert.True(builder.TryAppend(owner, RecordType.TXT, RecordClass.IN, 300, text));
        }
        return Finish(builder);
    }

    public static ZoneRow Row(string name, long generation, ZoneContent? content = null) => new()
    {
        Name = DomainName.Parse(name),
        Wish = ZoneWish.Present,
        Generation = generation,
        Content = content,
        ChangedAt = Noon,
    };

    public static byte[] ReadAll(ZoneContent content)
    {
        using var bytes = new MemoryStream();
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
            bytes.Write(record.Whole);
        Assert.Equal(ZoneContentError.None, records.Error);
        return bytes.ToArray();
    }

    private static ZoneContentBuilder Begin(string apex, uint serial)
    {
        ZoneContentBuilder builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        byte[] name = DomainName.Parse(apex).Wire.ToArray();
        byte[] numbers = new byte[20];
        uint[] values = [serial, 3600, 600, 86400, 300];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(numbers.AsSpan(i * 4), values[i]);
        Assert.True(builder.TryAppend(name, RecordType.SOA, RecordClass.IN, 3600, [.. name, .. name, .. numbers]));
        return builder;
    }

    private static MemoryZoneContent Finish(ZoneContentBuilder builder)
    {
        Assert.True(builder.TryBuild(out MemoryZoneContent? content));
        return content;
    }
}
