using Agent.Host.Configuration.Hocon;

namespace Agent.Tests.Configuration.Hocon;

public class HoconUnitsTests
{
    [Theory]
    [InlineData("10", 10_000_0)]
    [InlineData("0", 0)]
    [InlineData("100ns", 1)]
    [InlineData("1 us", 10)]
    [InlineData("2micros", 20)]
    [InlineData("10ms", 100_000)]
    [InlineData("10 milliseconds", 100_000)]
    [InlineData("1s", 10_000_000)]
    [InlineData("1.5 s", 15_000_000)]
    [InlineData("2 minutes", 1_200_000_000)]
    [InlineData("1m", 600_000_000)]
    [InlineData("1h", 36_000_000_000)]
    [InlineData("7d", 6_048_000_000_000)]
    [InlineData("1 day", 864_000_000_000)]
    [InlineData(" 3 hours ", 108_000_000_000)]
    [InlineData("-1s", -10_000_000)]
    public void Durations(string text, long ticks)
    {
        Assert.True(HoconUnits.TryParseDuration(text, out TimeSpan duration));
        Assert.Equal(ticks, duration.Ticks);
        Assert.True(HoconUnits.TryParseDuration(HoconUnits.Render(duration), out TimeSpan again));
        Assert.Equal(duration, again);
    }

    [Theory]
    [InlineData("1B", 1)]
    [InlineData("1024", 1024)]
    [InlineData("1k", 1024)]
    [InlineData("1K", 1024)]
    [InlineData("1Ki", 1024)]
    [InlineData("1KiB", 1024)]
    [InlineData("1 kibibyte", 1024)]
    [InlineData("1kB", 1000)]
    [InlineData("2 kilobytes", 2000)]
    [InlineData("1M", 1048576)]
    [InlineData("1MB", 1000000)]
    [InlineData("1.5MiB", 1572864)]
    [InlineData("2 G", 2147483648)]
    [InlineData("1TB", 1000000000000)]
    [InlineData("1P", 1125899906842624)]
    [InlineData("1EB", 1000000000000000000)]
    [InlineData("0.001ZB", 1000000000000000000)]
    public void Sizes(string text, long bytes)
    {
        Assert.True(HoconUnits.TryParseSize(text, out long parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("1 fortnight")]
    [InlineData("1 S")]
    [InlineData("1kb")]
    [InlineData("1,5s")]
    [InlineData("1 s s")]
    [InlineData("0x10")]
    [InlineData("99999999999999999999999d")]
    [InlineData("1e28d")]
    [InlineData("999999999999999999999999999999999999999999")]
    [InlineData("9YB")]
    public void What_is_no_measure_is_refused(string text)
    {
        Assert.False(HoconUnits.TryParseDuration(text, out _));
        Assert.False(HoconUnits.TryParseSize(text, out _));
    }
}
