using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Shared;

public sealed class ZoneFileNameTests
{
    [Theory]
    [InlineData("example.com.", "example.com.zone")]
    [InlineData("EXAMPLE.Com", "example.com.zone")]
    [InlineData("_sip-1.example.", "_sip-1.example.zone")]
    [InlineData(".", "@.zone")]
    [InlineData("@.", "%40.zone")]
    [InlineData("\\.", "%2E.zone")]
    [InlineData("\\.\\..example.", "%2E%2E.example.zone")]
    [InlineData("..\\/x.", null)]
    [InlineData("\\.\\./etc.", "%2E%2E%2Fetc.zone")]
    [InlineData("a\\000b.", "a%00b.zone")]
    [InlineData("a\\;b\\\"c\\ d.", "a%3Bb%22c%20d.zone")]
    [InlineData("a%2Eb.", "a%252eb.zone")]
    [InlineData("\\192\\224.", "%C0%E0.zone")]
    public void Is_safe_and_readable(string zone, string? expected)
    {
        if (!DomainName.TryParse(zone, out DomainName? name))
        {
            Assert.Null(expected);
            return;
        }

        Assert.True(ZoneFileName.TryCreate(name, out string? fileName));
        Assert.Equal(expected, fileName);
        Assert.True(ZoneFileName.TryRead(fileName, out DomainName? back));
        Assert.Equal(name, back);
    }

    [Theory]
    [InlineData("Example.com.zone")]
    [InlineData("example.com.zone.jnl")]
    [InlineData("example.com")]
    [InlineData(".zone")]
    [InlineData("a%2.zone")]
    [InlineData("a%zz.zone")]
    [InlineData("a%61.zone")]
    [InlineData("a..b.zone")]
    [InlineData("a\\.zone")]
    [InlineData("%.zone")]
    public void Files_with_other_names_are_no_zones(string fileName) => Assert.False(ZoneFileName.TryRead(fileName, out _));

    [Fact]
    public void Is_refused_when_the_file_system_has_no_room()
    {
        string label = new('a', 63);
        Assert.True(DomainName.TryParse($"{label}.{label}.{label}.{label[..58]}.", out DomainName? fits));
        Assert.True(ZoneFileName.TryCreate(fits, out string? fileName));
        Assert.Equal(ZoneFileName.LengthMax, fileName.Length);

        Assert.True(DomainName.TryParse($"{label}.{label}.{label}.{label[..59]}.", out DomainName? tooLong));
        Assert.False(ZoneFileName.TryCreate(tooLong, out _));
    }

    [Fact]
    public void Different_zones_have_different_files_and_stay_in_their_folder()
    {
        Random random = new(7);
        byte[] interesting = [.. "aA.%@/\\-_ ;\"*"u8, 0, 127, 128, 255];
        Dictionary<string, DomainName> zoneByFile = new(StringComparer.Ordinal);
        for (int round = 0; round < 20000; round++)
        {
            List<byte> wire = [];
            for (int label = random.Next(3); label >= 0; label--)
            {
                int length = random.Next(1, 4);
                wire.Add((byte)length);
                for (int i = 0; i < length; i++)
                    wire.Add(interesting[random.Next(interesting.Length)]);
            }

            wire.Add(0);
            Assert.True(DomainName.TryFromWire(wire.ToArray(), out DomainName? zone));
            Assert.True(ZoneFileName.TryCreate(zone, out string? file));
            Assert.Equal("/zones", Path.GetDirectoryName(Path.GetFullPath("/zones/" + file)));
            Assert.Matches("^[a-z0-9_%@-][a-zA-Z0-9_%.-]*\\.zone$", file);
            if (zoneByFile.TryGetValue(file, out DomainName? other))
                Assert.Equal(other, zone);
            zoneByFile[file] = zone;
        }
    }
}
