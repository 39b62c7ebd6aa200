using System.Net;
using Agent.Backends.Contents;
using Agent.Dns.Records;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.Contents;

/// <summary>Compares all RRsets of a content with what a server answers that gives no transfer.</summary>
internal static class ServedRrsets
{
    private const int RrsetsMax = 2000;

    /// <summary>Each is answered with the same data, except for those that the server does not answer for or cuts off.</summary>
    public static async Task EqualAsync(EndPoint server, ZoneContent content)
    {
        using RrsetQuestions questions = new(server, TimeProvider.System);
        foreach (SampledRrset wanted in RrsetSample.Draw(content, RrsetsMax))
        {
            RrsetAnswer? answer = await questions.AskAsync(wanted.Owner, wanted.Type, CancellationToken.None);
            Assert.True(answer is { Kind: not RrsetAnswerKind.Unusable }, $"{wanted.Owner} {wanted.Type}: {answer}");
            if (answer!.Kind == RrsetAnswerKind.Hidden)
                continue;
            byte[][] served = [.. answer.Rdatas.Order(Comparer<byte[]>.Create(static (one, other) => RdataCanonical.Compare(one, other)))];
            Assert.Equal((wanted.Owner, wanted.Type, Text(wanted.Rdatas)), (wanted.Owner, wanted.Type, Text(served)));
        }

        static string Text(IEnumerable<byte[]> rdatas) => string.Join(' ', rdatas.Select(Convert.ToHexString));
    }
}
