using System.Text.Json;
using Agent.Host.Commands;

namespace Agent.Tests.Commands;

/// <summary>What ExaBGP is told, answer by answer.</summary>
public sealed class ExaBgpRoutesTests
{
    private readonly ExaBgpRoutes _routes = new([], "self", fall: 2);

    [Fact]
    public void Routes_are_said_once_and_again_when_their_metric_changes()
    {
        Assert.Equal(
            ["announce route 192.0.2.53/32 next-hop self med 0", "announce route 2001:db8::53/128 next-hop self med 0"],
            Answer("""{"announce": true, "metric": 0, "prefixes": ["192.0.2.53/32", "2001:db8::53/128"]}"""));
        Assert.Empty(Answer("""{"announce": true, "metric": 0, "prefixes": ["192.0.2.53/32", "2001:db8::53/128"]}"""));
        Assert.Equal(
            ["withdraw route 2001:db8::53/128 next-hop self", "announce route 192.0.2.53/32 next-hop self med 100"],
            Answer("""{"announce": true, "metric": 100, "prefixes": ["192.0.2.53/32"]}"""));
        Assert.Equal(["withdraw route 192.0.2.53/32 next-hop self"], Answer("""{"announce": false}"""));
        Assert.Empty(Answer("""{"announce": false}"""));
    }

    [Fact]
    public void One_silence_is_forgiven_and_two_in_a_row_are_not()
    {
        Answer("""{"announce": true, "metric": 0, "prefixes": ["192.0.2.53/32"]}""");
        Assert.Empty(_routes.Silent());
        Answer("""{"announce": true, "metric": 0, "prefixes": ["192.0.2.53/32"]}""");
        Assert.Empty(_routes.Silent());
        Assert.Single(_routes.Silent());
        Assert.Empty(_routes.Silent());
        Assert.Single(Answer("""{"announce": true, "metric": 0, "prefixes": ["192.0.2.53/32"]}"""));
        Assert.Single(_routes.Ended());
    }

    [Theory]
    [InlineData("""[]""")]
    [InlineData("""{"announce": "true"}""")]
    [InlineData("""{"announce": true, "metric": 0, "prefixes": ["192.0.2.53/32\nannounce route 0.0.0.0/0 next-hop self"]}""")]
    [InlineData("""{"announce": true, "metric": 0}""")]
    public void What_is_no_answer_announces_nothing(string json) => Assert.Empty(Answer(json));

    private IReadOnlyList<string> Answer(string json) => _routes.Answered(JsonSerializer.Deserialize<JsonElement>(json));
}
