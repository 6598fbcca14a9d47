package main

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/foreword-go/foreword/fewshot/eval"
)

// A curve is one line of the picture.
type curve struct {
	name  string
	table *eval.Table
}

// The two colours can be told apart by people who do not see red and green
// (Okabe and Ito 2008).
var palette = []color.Color{color.RGBA{0xd5, 0x5e, 0x00, 0xff}, color.RGBA{0x00, 0x72, 0xb2, 0xff}}

// drawCurves writes the curves as name.png and name.svg.
func drawCurves(curves []curve, name string) (files []string, err error) {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	p := plot.New()
	p.Title.Text = "A base model translates, by the number of examples it is shown"
	p.X.Label.Text = "examples in the prompt"
	p.Y.Label.Text = "right answers, %"
	p.Y.Min, p.Y.Max = 0, 104
	p.BackgroundColor = color.White
	p.Title.TextStyle.Font.Size = vg.Points(13)
	p.Title.Padding = vg.Points(10)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = font.From(p.Title.TextStyle.Font, vg.Points(11))
		axis.Padding = vg.Points(4)
		axis.Label.Padding = vg.Points(6)
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color = nil
	grid.Horizontal.Color = color.Gray{0xdd}
	p.Add(grid)
	p.Y.Tick.Marker = plot.ConstantTicks([]plot.Tick{{Value: 0, Label: "0"}, {Value: 20, Label: "20"}, {Value: 40, Label: "40"}, {Value: 60, Label: "60"}, {Value: 80, Label: "80"}, {Value: 100, Label: "100"}})

	var ticks []plot.Tick
	for i, c := range curves {
		points := errorPoints{XYs: make(plotter.XYs, len(c.table.Rows)), YErrors: make(plotter.YErrors, len(c.table.Rows))}
		for j, row := range c.table.Rows {
			x := position(row.Shots)
			points.XYs[j] = plotter.XY{X: x, Y: 100 * row.Mean}
			points.YErrors[j].Low, points.YErrors[j].High = 100*row.Spread, min(100*row.Spread, 100-100*row.Mean)
			if i == 0 {
				ticks = append(ticks, plot.Tick{Value: x, Label: label(row.Shots)})
			}
		}
		line, dots, err := plotter.NewLinePoints(points.XYs)
		if err != nil {
			return nil, err
		}
		bars, err := plotter.NewYErrorBars(points)
		if err != nil {
			return nil, err
		}
		line.Color, line.Width = palette[i%len(palette)], vg.Points(2.2)
		dots.Color, dots.Shape, dots.Radius = palette[i%len(palette)], draw.CircleGlyph{}, vg.Points(3.5)
		bars.Color, bars.LineStyle.Width = palette[i%len(palette)], vg.Points(1)
		p.Add(bars, line, dots)
		p.Legend.Add(c.name, line, dots)
	}
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.X.Min, p.X.Max = ticks[0].Value-0.2, ticks[len(ticks)-1].Value+0.2
	p.Legend.Left, p.Legend.Top = false, false
	p.Legend.XOffs, p.Legend.YOffs = vg.Points(-14), vg.Points(14)
	p.Legend.Padding = vg.Points(4)

	for _, ending := range []string{".png", ".svg"} {
		if err := p.Save(7*vg.Inch, 4*vg.Inch, name+ending); err != nil {
			return nil, err
		}
		files = append(files, name+ending)
	}
	return files, nil
}

type errorPoints struct {
	plotter.XYs
	plotter.YErrors
}

// position is where a number of shots stands on an axis that doubles at each
// step, with room for zero.
func position(shots int) float64 {
	if shots == 0 {
		return 0
	}
	return 1 + math.Log2(float64(shots))
}

func label(shots int) string {
	switch shots {
	case 0:
		return "0\n(zero-shot)"
	case 1:
		return "1\n(one-shot)"
	}
	return strconv.Itoa(shots)
}
