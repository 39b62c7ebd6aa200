using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Backends.Contents;
using Agent.Backends.Shared;
using Agent.Dns.Zones;

namespace Agent.Backends.ZoneFiles;

/// <summary>Compares the zone files of a folder with what they are to hold, for a target of which nothing else can be asked.</summary>
/// <remarks>Any number of callers; each comparison runs on a thread of the pool.</remarks>
/// <param name="directory">The folder of the files.</param>
/// <param name="spoolDirectory">Where a file's records lie meanwhile; must exist.</param>
/// <param name="time">For temporary files.</param>
public sealed class ZoneFileCheck(string directory, string spoolDirectory, TimeProvider time) : IContentCheck
{
    private const long ReadAtLeastBytes = 16L << 20;

    private readonly ZoneFolder _folder = new(directory, time);

    /// <inheritdoc/>
    public void Check(CheckContent order, ReplyTo replyTo)
    {
        ArgumentNullException.ThrowIfNull(order);
        _ = Task.Run(() => replyTo.Tell(Compare(order)), CancellationToken.None);
    }

    private ContentChecked Compare(CheckContent order)
    {
        try
        {
            string path = _folder.PathOf(order.Zone);
            using FileStream text = File.OpenRead(path);
            using FileStream spool = SpooledZone.CreateFile(spoolDirectory);
            long readMax = Math.Max(ReadAtLeastBytes, 4 * order.Content.ByteCount);
            using var builder = new ZoneContentBuilder(spool, new ZoneContentLimits(long.MaxValue, readMax));
            if (!ZoneFileReader.TryRead(text, order.Zone, builder, out ZoneFileError? error))
                return Broken(order, error.ToString());
            if (!builder.TryComplete(out ZoneFacts? facts))
                return Broken(order, builder.Error.Text());
            using var written = new SpooledZone(facts, spool.SafeFileHandle);
            return !ContentDifferences.TryFind(written, order.Content, ContentChecker.LinesMax, sparesServers: false, out var difference)
                ? CannotTell(order, $"{path} cannot be compared: it is large, and differs in much or is in no order")
                : difference is { ForeignCount: 0, MissingCount: 0 }
                    ? new ContentChecked(order.Id, ContentVerdict.Same, null, null)
                    : new ContentChecked(order.Id, ContentVerdict.Differs, difference, null);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or BackendException)
        {
            return CannotTell(order, failure.Message);
        }
    }

    /// <summary>What is no zone at all is something else than what was written; as a comment, it says why.</summary>
    private static ContentChecked Broken(CheckContent order, string why)
    {
        var difference = new ContentDifference(1, 0, [$"; {why}"], [], ContentProof.Digest);
        return new ContentChecked(order.Id, ContentVerdict.Differs, difference, null);
    }

    private static ContentChecked CannotTell(CheckContent order, string text) =>
        new(order.Id, ContentVerdict.CannotTell, null, new Reason(ReasonCode.VerifyUnchecked, text));
}
