using Agent.Dns.Tsig;

namespace Agent.Tests.Dns.Tsig;

public class HmacSha224Tests
{
    // The vectors of RFC 4231, sections 4.2 to 4.5, 4.7 and 4.8.
    [Theory]
    [InlineData("0b*20", "4869205468657265", "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22")]
    [InlineData(
        "4a656665",
        "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
        "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44")]
    [InlineData("aa*20", "dd*50", "7fb3cb3588c6c1f6ffa9694d7d6ad2649365b0c1f65d69d1ec8333ea")]
    [InlineData("0102030405060708090a0b0c0d0e0f10111213141516171819", "cd*50", "6c11506874013cac6a2abc1bb382627cec6a90d86efc012de7afec5a")]
    [InlineData(
        "aa*131",
        "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374",
        "95e9a0db962095adaebe9b2d6f0dbce2d499f112f2d2b7273fa6870e")]
    public void TheVectorsOfRfc4231Hold(string key, string data, string expected)
    {
        var mac = new HmacSha224(Bytes(key));
        var result = new byte[HmacSha224.MacLength];
        for (var round = 0; round < 2; round++)
        {
            foreach (var value in Bytes(data)) mac.Append([value]);
            Assert.Equal(HmacSha224.MacLength, mac.Finish(result));
            Assert.Equal(expected, Convert.ToHexStringLower(result));
        }
    }

    private static byte[] Bytes(string text) =>
        text.Split('*') is [var value, var count]
            ? [.. Enumerable.Repeat(Convert.ToByte(value, 16), int.Parse(count))]
            : Convert.FromHexString(text);
}
