using System.Buffers.Binary;
using System.Net;
using Agent.Dns.Cookies;
using Agent.Dns.Net;

namespace Agent.Tests.Cookies;

public sealed class DnsCookieTests
{
    /// <summary>RFC 9018, appendix A: secret, address, and the whole option.</summary>
    [Theory]
    [InlineData("e5e973e5a6b2a43f48e7dc849e37bfcf", "198.51.100.100", "2464c4abcf10c957010000005cf79f111f8130c3eee29480")]
    [InlineData("e5e973e5a6b2a43f48e7dc849e37bfcf", "203.0.113.203", "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5")]
    [InlineData(
        "445536bcd2513298075a5d379663c962", "2001:db8:220:1:59de:d0f4:8769:82b8", "22681ab97d52c298010000005cf7c609a6bb79d16625507a")]
    public void The_cookies_of_the_standard_are_ours(string secret, string address, string expected)
    {
        byte[] option = Convert.FromHexString(expected);
        byte[] key = Convert.FromHexString(secret);
        NetworkEndpoint client = At(address);
        Assert.True(DnsCookie.IsMadeWith(option, client, key));
        Assert.True(DnsCookie.IsMadeWith(option, client with { Port = 1 }, key));

        // What is reserved is zero in what we write, and not looked at in what we read.
        byte[] written = new byte[DnsCookie.OptionBytes];
        DnsCookie.Write(option, client, key, BinaryPrimitives.ReadUInt32BigEndian(option.AsSpan(12)), written);
        Assert.Equal(option[9..12].All(octet => octet == 0), written.SequenceEqual(option));
    }

    [Fact]
    public void A_cookie_with_any_other_bit_address_or_secret_is_not_ours()
    {
        byte[] secret = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];
        byte[] option = new byte[DnsCookie.OptionBytes];
        DnsCookie.Write([1, 2, 3, 4, 5, 6, 7, 8], At("192.0.2.1"), secret, 1_700_000_000, option);
        Assert.True(DnsCookie.IsMadeWith(option, At("192.0.2.1"), secret));
        for (int bit = 0; bit < option.Length * 8; bit++)
        {
            byte[] forged = [.. option];
            forged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(DnsCookie.IsMadeWith(forged, At("192.0.2.1"), secret), $"bit {bit}");
        }

        Assert.False(DnsCookie.IsMadeWith(option, At("192.0.2.2"), secret));
        Assert.False(DnsCookie.IsMadeWith(option, At("2001:db8::1"), secret));
        Assert.False(DnsCookie.IsMadeWith(option, At("192.0.2.1"), [.. secret.Reverse()]));
        Assert.False(DnsCookie.IsMadeWith(option.AsSpan(0, 16), At("192.0.2.1"), secret));
    }

    [Theory]
    [InlineData(100u, 160u, 60)]
    [InlineData(160u, 100u, -60)]
    [InlineData(uint.MaxValue, 9u, 10)]
    public void Age_goes_on_when_the_seconds_wrap(uint made, uint now, int seconds)
    {
        byte[] option = new byte[DnsCookie.OptionBytes];
        DnsCookie.Write(new byte[8], At("192.0.2.1"), new byte[16], made, option);
        Assert.Equal(TimeSpan.FromSeconds(seconds), DnsCookie.AgeOf(option, now));
    }

    private static NetworkEndpoint At(string address) => NetworkEndpoint.From(IPAddress.Parse(address), 53);
}
