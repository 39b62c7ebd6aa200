using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Agent.Backends.Shared;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.Shared;

public sealed class QuestionSocketsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Many_questions_share_few_ports_none_of_them_for_long_and_each_gets_its_own_answer()
    {
        await using ScriptedDnsServer server = new(query => [query], _ => null);
        QuestionSockets sockets = new(TimeProvider.System);
        ConcurrentBag<bool> answered = [];

        await Parallel.ForEachAsync(
            Enumerable.Range(0, 1500),
            new ParallelOptions { MaxDegreeOfParallelism = 40 },
            async (number, cancellation) => answered.Add(await AskAsync(sockets, server.EndPoint, number, cancellation)));

        Assert.Equal(Enumerable.Repeat(true, 1500), answered);
        Assert.InRange(server.UdpPorts.Distinct().Count(), 3, 100);
        Assert.All(server.UdpPorts.CountBy(port => port), port => Assert.InRange(port.Value, 1, 512));
    }

    [Fact]
    public async Task Questions_with_time_between_them_have_a_port_each()
    {
        HandDrivenTimers time = new();
        await using ScriptedDnsServer server = new(query => [query], _ => null);
        QuestionSockets sockets = new(time);

        for (int number = 0; number < 2; number++)
        {
            Assert.True(await AskAsync(sockets, server.EndPoint, number));
            Assert.True(await AskAsync(sockets, server.EndPoint, number));
            time.FireAll();
        }

        Assert.Equal([2, 2], server.UdpPorts.CountBy(port => port).Select(port => port.Value));
    }

    [Fact]
    public async Task A_port_that_strangers_have_found_is_left_but_the_question_on_it_is_answered()
    {
        await using ScriptedDnsServer server = new(
            query => [.. Enumerable.Range(1, 40).Select(guess => WithId(query, (ushort)(IdOf(query) + guess))), query], _ => null);
        QuestionSockets sockets = new(TimeProvider.System);

        for (int number = 0; number < 3; number++) Assert.True(await AskAsync(sockets, server.EndPoint, number));

        Assert.Equal(3, server.UdpPorts.Distinct().Count());
    }

    [Fact]
    public async Task Nobody_there_is_told_at_once_and_a_server_that_comes_answers_the_same_question()
    {
        IPEndPoint place = new(IPAddress.Loopback, LoopbackPort.Next());
        QuestionSockets sockets = new(TimeProvider.System);
        using DatagramQuestion question = sockets.Open(place, _ => true);
        byte[] message = WithId(new byte[12], question.Id);

        SocketException refused = await Assert.ThrowsAsync<SocketException>(
            () => question.AskAsync(message, Patience, CancellationToken.None));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);

        await using ScriptedDnsServer server = new(query => [query], _ => null, place.Port);
        Assert.True(await question.AskAsync(message, Patience, CancellationToken.None));
    }

    [Fact]
    public async Task A_question_that_is_over_hears_nothing_and_its_late_answer_nobody()
    {
        byte[]? late = null;
        await using ScriptedDnsServer server = new(
            query => Interlocked.Exchange(ref late, query) is { } first ? [first, query] : [], _ => null);
        QuestionSockets sockets = new(TimeProvider.System);
        int heard = 0;
        using (DatagramQuestion lost = sockets.Open(server.EndPoint, _ => ++heard > 0))
            Assert.False(await lost.AskAsync(WithId(new byte[12], lost.Id), TimeSpan.FromMilliseconds(20), CancellationToken.None));

        Assert.True(await AskAsync(sockets, server.EndPoint, 2));

        Assert.Equal(0, heard);
    }

    /// <summary>True when the answer carried the number that was asked with.</summary>
    private static async Task<bool> AskAsync(
        QuestionSockets sockets, IPEndPoint server, int number, CancellationToken cancellation = default)
    {
        int answer = -1;
        using DatagramQuestion question = sockets.Open(server, datagram =>
        {
            answer = BinaryPrimitives.ReadInt32BigEndian(datagram[^4..]);
            return true;
        });
        byte[] message = WithId(new byte[16], question.Id);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(12), number);
        return await question.AskAsync(message, Patience, cancellation) && answer == number;
    }

    private static ushort IdOf(byte[] message) => BinaryPrimitives.ReadUInt16BigEndian(message);

    private static byte[] WithId(byte[] message, ushort id)
    {
        byte[] other = [.. message];
        BinaryPrimitives.WriteUInt16BigEndian(other, id);
        return other;
    }
}
