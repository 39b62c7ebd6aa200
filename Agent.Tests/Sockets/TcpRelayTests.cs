using System.Net.Sockets;
using Agent.Host.Sockets;
using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Sockets;

/// <summary>Queries over a client's connection to the server's and back.</summary>
public sealed class TcpRelayTests
{
    [Fact]
    public void Queries_are_relayed_over_one_kept_connection_in_any_order()
    {
        byte[]? held = null;
        using var upstream = new FakeUpstream(query =>
        {
            byte[] answer = FakeUpstream.Answer(query);
            if (held is null)
            {
                held = answer;
                return [];
            }
            return [answer, [.. answer.AsSpan(0, 2), .. held.AsSpan(2)], held];
        });
        using var rig = new ListenerRig(upstream.Endpoint);
        Socket client = rig.Tcp();
        byte[] first = Query("first.example.", flags: 0x0100);
        byte[] second = Query("second.example.", flags: 0x0000);
        second[0] = 0x55;
        client.Send([.. FakeUpstream.Frame(first), .. FakeUpstream.Frame(second)]);
        Assert.Equal(FakeUpstream.Answer(second), ListenerRig.ReadFrame(client));
        Assert.Equal(FakeUpstream.Answer(first), ListenerRig.ReadFrame(client));
        client.Send(FakeUpstream.Frame(first));
        Assert.Equal(FakeUpstream.Answer(first), ListenerRig.ReadFrame(client));
        Assert.Equal(1, upstream.ConnectionCount);
        Assert.All(upstream.Queries, query => Assert.Equal(0, query[2] & 1));
    }

    /// <summary>What waits for its neighbours must leave before there is waiting for room, which comes with answers alone.</summary>
    [Fact]
    public void More_queries_in_one_segment_than_may_be_under_way_are_all_relayed()
    {
        using var upstream = new FakeUpstream(query => [FakeUpstream.Answer(query)]);
        using var rig = new ListenerRig(upstream.Endpoint, tcp: new TcpOptions { PipelinedMax = 3 });
        Socket client = rig.Tcp();
        byte[][] queries = [.. Enumerable.Range(0, 200).Select(index => Query($"n{index}.example."))];
        client.Send([.. queries.SelectMany(FakeUpstream.Frame)]);
        for (int index = 0; index < queries.Length; index++)
        {
            Assert.Equal(FakeUpstream.Answer(queries[index]), ListenerRig.ReadFrame(client));
        }
        Assert.Equal(1, upstream.ConnectionCount);
    }

    [Fact]
    public void A_silent_server_means_SERVFAIL_by_TCP_too()
    {
        using var upstream = new FakeUpstream(query => []);
        using var rig = new ListenerRig(upstream.Endpoint, timeoutMs: 80);
        Socket client = rig.Tcp();
        client.Send(FakeUpstream.Frame(Query()));
        Assert.Equal(0x8102, FlagsOf(ListenerRig.ReadFrame(client)));
    }

    [Fact]
    public void A_server_that_closes_means_SERVFAIL_and_the_next_query_connects_again()
    {
        bool answers = false;
        using var upstream = new FakeUpstream(query => answers ? [FakeUpstream.Answer(query)] : []);
        using var rig = new ListenerRig(upstream.Endpoint);
        Socket client = rig.Tcp();
        client.Send(FakeUpstream.Frame(Query()));
        ListenerRig.Eventually(() => upstream.Queries.Count == 1);
        upstream.DropConnections();
        Assert.Equal(0x8102, FlagsOf(ListenerRig.ReadFrame(client)));
        answers = true;
        client.Send(FakeUpstream.Frame(Query()));
        Assert.Equal(FakeUpstream.Answer(Query()), ListenerRig.ReadFrame(client));
        Assert.Equal(2, upstream.ConnectionCount);
    }

    /// <summary>As one does that takes so many queries for each connection and no more.</summary>
    [Fact]
    public void What_a_server_left_unanswered_when_it_closed_is_asked_again_as_long_as_it_answers_something()
    {
        FakeUpstream upstream = null!;
        HashSet<int> answered = [];
        IEnumerable<byte[]> AnswerOneOfEachConnection(byte[] query)
        {
            if (!answered.Add(upstream.ConnectionCount)) yield break;
            yield return FakeUpstream.Answer(query);
            upstream.DropConnections();
        }
        using (upstream = new FakeUpstream(AnswerOneOfEachConnection))
        {
            using var rig = new ListenerRig(upstream.Endpoint);
            Socket client = rig.Tcp();
            byte[][] queries = [Query("1.example."), Query("2.example."), Query("3.example."), Query("4.example.")];
            client.Send([.. queries.SelectMany(FakeUpstream.Frame)]);
            foreach (byte[] query in queries) Assert.Equal(FakeUpstream.Answer(query), ListenerRig.ReadFrame(client));
            Assert.Equal(queries.Length, upstream.ConnectionCount);
        }
    }

    [Fact]
    public void What_met_a_server_that_closed_an_idle_connection_is_asked_once_more_and_no_oftener()
    {
        FakeUpstream upstream = null!;
        IEnumerable<byte[]> CloseOnTheSecond(byte[] query)
        {
            if ((char)query[13] == '1') yield return FakeUpstream.Answer(query);
            else upstream.DropConnections();
        }
        using (upstream = new FakeUpstream(CloseOnTheSecond))
        {
            using var rig = new ListenerRig(upstream.Endpoint);
            Socket client = rig.Tcp();
            client.Send(FakeUpstream.Frame(Query("1.example.")));
            Assert.Equal(FakeUpstream.Answer(Query("1.example.")), ListenerRig.ReadFrame(client));
            client.Send(FakeUpstream.Frame(Query("2.example.")));
            Assert.Equal(0x8102, FlagsOf(ListenerRig.ReadFrame(client)));
            Assert.Equal(2, upstream.ConnectionCount);
            client.Send(FakeUpstream.Frame(Query("1.again.")));
            Assert.Equal(FakeUpstream.Answer(Query("1.again.")), ListenerRig.ReadFrame(client));
        }
    }

    /// <summary>Together they are longer than what is kept for a connection: those that do not fit wait, and none is lost.</summary>
    [Fact]
    public void Large_queries_in_a_row_are_all_relayed_over_one_connection()
    {
        using var upstream = new FakeUpstream(query => [Bare(query)]);
        using var rig = new ListenerRig(upstream.Endpoint);
        Socket client = rig.Tcp();
        byte[] padding = new byte[60_000];
        byte[] opt = [0, 0, 41, 16, 0, 0, 0, 0, 0, (60_004 >> 8), 60_004 & 0xFF, 0, 12, 60_000 >> 8, 60_000 & 0xFF, .. padding];
        byte[][] queries = [.. Enumerable.Range(0, 12).Select(index => Query($"n{index:00}.example.", additional: opt))];
        client.Send([.. queries.SelectMany(FakeUpstream.Frame)]);
        for (int index = 0; index < queries.Length; index++)
        {
            Assert.Equal(Bare(queries[index]), ListenerRig.ReadFrame(client));
        }
        Assert.Equal(1, upstream.ConnectionCount);

        static byte[] Bare(byte[] query)
        {
            byte[] answer = FakeUpstream.Answer(query)[..29];
            answer[11] = 0;
            return answer;
        }
    }

    [Fact]
    public void A_server_that_is_away_means_SERVFAIL()
    {
        var upstream = new FakeUpstream(query => []);
        upstream.Dispose();
        using var rig = new ListenerRig(upstream.Endpoint);
        Socket client = rig.Tcp();
        client.Send(FakeUpstream.Frame(Query()));
        Assert.Equal(0x8102, FlagsOf(ListenerRig.ReadFrame(client)));
    }
}
