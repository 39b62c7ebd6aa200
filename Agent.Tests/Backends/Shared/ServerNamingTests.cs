using System.Net;
using System.Text;
using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Backends.Shared;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.Shared;

/// <summary>What servers say about themselves, and what becomes of it when there are two of them.</summary>
public sealed class ServerNamingTests
{
    [Fact]
    [Trait("Category", "Peer")]
    public async Task A_real_server_tells_its_version()
    {
        await using NsdServer server = new();
        await server.StartAsync();
        ServerNamed named = await AskAsync(server.EndPoint);
        Assert.Equal(3, named.Answers.Length);
        Assert.Contains("NSD", Assert.Single(named.Answers.Distinct()).Version, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_servers_behind_one_address_are_noticed_in_one_round()
    {
        int asked = 0;
        await using ScriptedDnsServer pair = new(query => [Text(query, asked++ < 3 ? "left" : "right")], _ => null);
        ServerNamed named = await AskAsync(pair.EndPoint);
        Assert.Equal(["left", "right"], named.Answers.Select(a => a.Identity).Distinct());
        Assert.True(new IdentityWatch().Heard(named));
    }

    [Fact]
    public async Task One_that_refuses_or_sends_rubbish_is_nameless_and_control_characters_stay_out()
    {
        await using ScriptedDnsServer refusing = new(ScriptedDnsServer.Refuse);
        Assert.All((await AskAsync(refusing.EndPoint)).Answers, a => Assert.Equal(new ServerName(null, null), a));
        await using ScriptedDnsServer rubbish = new(query => [[1, 2, 3], [.. query[..2], 0x84], Text(query, "a\nb")], _ => null);
        Assert.All((await AskAsync(rubbish.EndPoint)).Answers, a => Assert.DoesNotContain('\n', $"{a.Identity}{a.Version}"));
    }

    [Fact]
    public async Task Where_nobody_listens_the_answer_is_empty() =>
        Assert.Empty((await AskAsync(new IPEndPoint(IPAddress.Loopback, LoopbackPort.Next()))).Answers);

    private static async Task<ServerNamed> AskAsync(IPEndPoint server)
    {
        await using ServerNaming naming = new(server, TimeProvider.System);
        var asker = new Asker();
        naming.Name(new ReplyTo(asker, 0));
        return Assert.IsType<ServerNamed>(await asker.Answer.Task.WaitAsync(Eventually.Deadline));
    }

    private static byte[] Text(byte[] query, string text)
    {
        byte[] answer =
        [
            .. ScriptedDnsServer.Answer(query, 0x8400), 0xc0, 12, 0, 16, 0, 3, 0, 0, 0, 0, 0, (byte)(text.Length + 1), (byte)text.Length,
            .. Encoding.ASCII.GetBytes(text),
        ];
        answer[7] = 1;
        return answer;
    }

    private sealed class Asker : IActorRef
    {
        public TaskCompletionSource<object> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Path => "/test/asker";

        public void Tell(object message, IActorRef? sender = null) => Answer.TrySetResult(message);
    }
}
