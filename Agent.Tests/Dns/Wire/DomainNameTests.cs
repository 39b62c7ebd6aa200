using System.Text;
using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Wire;

public class DomainNameTests
{
    [Theory]
    [InlineData("example.com", "example.com.")]
    [InlineData("Example.COM.", "Example.COM.")]
    [InlineData(".", ".")]
    [InlineData(@"a\.b.example.", @"a\.b.example.")]
    [InlineData(@"a\046b.example.", @"a\.b.example.")]
    [InlineData(@"\000\255\032.x.", @"\000\255\032.x.")]
    [InlineData(@"\@\$\;\""\(\)\\.x.", @"\@\$\;\""\(\)\\.x.")]
    [InlineData("*._tcp.x", "*._tcp.x.")]
    public void TextComesBackWithEscapes(string text, string expected) => Assert.Equal(expected, DomainName.Parse(text).ToString());

    /// <summary>Some reader or other takes each of these signs for its own.</summary>
    [Theory]
    [InlineData("a'b.x.", @"a\039b.x.")]
    [InlineData("[a].{b}.x.", @"\091a\093.\123b\125.x.")]
    [InlineData("0/25.*._a-1.x.", "0/25.*._a-1.x.")]
    [InlineData(@"\@\..x.", @"\@\..x.")]
    [InlineData(@"a\\.x.", @"a\092.x.")]
    public void MasterFilesHoldOddSignsByNumber(string text, string expected)
    {
        Span<byte> written = stackalloc byte[NameText.MaximumLength];
        var length = NameText.Write(DomainName.Parse(text).Wire, written, forMasterFile: true);
        Assert.Equal(expected, Encoding.ASCII.GetString(written[..length]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData(".a")]
    [InlineData("a..b")]
    [InlineData("a\\")]
    [InlineData(@"a\25")]
    [InlineData(@"a\256")]
    [InlineData("@")]
    [InlineData("käse.de")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234.x")]
    public void BadTextIsRefused(string text) => Assert.False(DomainName.TryParse(text, out _));

    [Fact]
    public void NamesEndAt255Bytes()
    {
        var label = new string('a', 63);
        Assert.True(DomainName.TryParse($"{label}.{label}.{label}.{new string('b', 61)}", out var longest));
        Assert.Equal(255, longest.Wire.Length);
        Assert.False(DomainName.TryParse($"{label}.{label}.{label}.{new string('b', 62)}", out _));
        Assert.False(longest.TryPrepend("x"u8, out _));
    }

    [Fact]
    public void EqualityHashAndOrderFoldCase()
    {
        DomainName upper = DomainName.Parse("WWW.Example."), lower = DomainName.Parse("www.example.");
        Assert.True(upper == lower);
        Assert.Equal(upper.GetHashCode(), lower.GetHashCode());
        Assert.Equal(upper.StableHash, lower.StableHash);
        Assert.Equal(0, upper.CompareTo(lower));
        Assert.Equal("www.example.", upper.Fold().ToString());
        Assert.Same(lower, lower.Fold());
    }

    [Fact]
    public void TheStableHashIsFnv1A() => Assert.Equal(0xaf63bd4c8601b7dfUL, DomainName.Root.StableHash);

    [Fact]
    public void OrderIsThatOfRfc4034()
    {
        string[] inOrder =
        [
            "example.", "a.example.", "yljkjljk.a.example.", "Z.a.example.", "zABC.a.EXAMPLE.", "z.example.", @"\001.z.example.",
            "*.z.example.", @"\200.z.example.",
        ];
        var names = inOrder.Select(DomainName.Parse).ToArray();
        Assert.Equal(inOrder, names.Reverse().Order().Select(name => name.ToString()));
    }

    [Fact]
    public void AncestryStopsAtLabelBoundaries()
    {
        var zone = DomainName.Parse("example.com.");
        Assert.True(DomainName.Parse("WWW.EXAMPLE.com").IsSameOrBelow(zone));
        Assert.True(zone.IsSameOrBelow(zone));
        Assert.True(zone.IsSameOrBelow(DomainName.Root));
        Assert.False(DomainName.Parse("badexample.com.").IsSameOrBelow(zone));
        Assert.False(DomainName.Parse("com.").IsSameOrBelow(zone));
        Assert.False(DomainName.Parse(@"x\007example.com.").IsSameOrBelow(zone));
    }

    [Fact]
    public void ParentsLeadToTheRoot()
    {
        var name = DomainName.Parse("a.b.");
        Assert.Equal(2, name.LabelCount);
        Assert.Equal("b.", name.Parent.ToString());
        Assert.True(name.Parent.Parent.IsRoot);
        Assert.Same(DomainName.Root, DomainName.Root.Parent);
    }

    [Fact]
    public void WireMustBeOneWholeName()
    {
        Assert.True(DomainName.TryFromWire("\u0001a\0"u8, out var name));
        Assert.Equal("a.", name.ToString());
        Assert.False(DomainName.TryFromWire("\u0001a\0x"u8, out _));
        Assert.False(DomainName.TryFromWire("\u0001a"u8, out _));
        Assert.False(DomainName.TryFromWire([0xC0, 0x0C], out _));
        Assert.False(DomainName.TryFromWire([], out _));
    }
}
