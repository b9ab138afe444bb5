using Overnight.Jobs.Calculation;
using var i = new StreamReader(args[0]); using var o = new StreamWriter(args[1]);
var s = await CaseCalculator.RunAsync(i, o, default);
Console.WriteLine(s.Calculated + " " + string.Join("\n", s.Errors));
