namespace Overnight.Api.Audit;

/// <summary>A place in the list of runs, latest first, by run number.</summary>
internal readonly record struct RunCursor(long Number);

/// <summary>A place among the users of one run, by id.</summary>
internal readonly record struct UserCursor(Guid User);

/// <summary>A place among the reads of one user's results, latest first.</summary>
internal readonly record struct ReadCursor(long ReadNumber);

/// <summary>A place among the runs of one user, newest first.</summary>
internal readonly record struct UserRunCursor(DateOnly BusinessDate, long RunNumber);

/// <summary>A place among the calculations with one asset: newest run first, then batch and user from the highest.</summary>
internal readonly record struct PostingCursor(DateOnly BusinessDate, long RunNumber, int Batch, Guid User);
