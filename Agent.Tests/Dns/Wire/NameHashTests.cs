using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Wire;

/// <summary>The hash of names that lasts as long as the process.</summary>
public sealed class NameHashTests
{
    [Theory]
    [InlineData(".")]
    [InlineData("a.")]
    [InlineData("abcde.")]
    [InlineData("abcdef.")]
    [InlineData("Az.example.")]
    [InlineData("the-quick-brown-fox.jumps-over.the-lazy.dog.example.")]
    public void Letters_have_no_case(string text)
    {
        byte[] lower = DomainName.Parse(text.ToLowerInvariant()).Wire.ToArray();
        byte[] upper = DomainName.Parse(text.ToUpperInvariant()).Wire.ToArray();
        Assert.Equal(NameHash.Of(lower), NameHash.Of(upper));
        Assert.Equal(NameHash.Of(lower), NameHash.Of(DomainName.Parse(text).Wire));
    }

    /// <summary>
    /// Only letters are folded: every other pair of octets makes another name, at each place of the eight that are taken at once.
    /// </summary>
    [Fact]
    public void Every_octet_counts_at_every_place()
    {
        foreach (int length in (int[])[1, 5, 6, 7, 8, 13, 63])
        {
            foreach (int place in Enumerable.Range(0, Math.Min(length, 9)))
            {
                byte[] name = [(byte)length, .. Enumerable.Repeat((byte)'x', length), 0];
                ulong[] hashes = [.. Enumerable.Range(0, 256).Select(octet =>
                {
                    name[1 + place] = (byte)octet;
                    return NameHash.Of(name);
                })];
                Assert.Equal(256 - 26, hashes.Distinct().Count());
                Assert.Equal(hashes['A'..('Z' + 1)], hashes['a'..('z' + 1)]);
            }
        }
    }

    [Fact]
    public void Names_that_differ_little_spread_over_a_table()
    {
        const int Places = 1 << 14;
        int[] counts = new int[Places];
        for (int i = 0; i < Places; i++)
            counts[NameHash.Of(DomainName.Parse($"host-{i:x6}.example.").Wire) & (Places - 1)]++;

        // With places drawn at random, one has more than 11 once in seventy thousand runs.
        Assert.InRange(counts.Max(), 2, 11);
    }
}
